package httpauth

import "encoding/json"

// Info is the value of Authentication-Info or Proxy-Authentication-Info (RFC
// 9110 sections 11.6.3 and 11.7.3; RFC 7615).
type Info struct {
	Params []Param
}

// InfoResult is what ParseInfo read.
type InfoResult struct {
	// Info of all fields. In Strict mode empty unless Valid.
	Info Info
	// Findings in the order of the text.
	Findings []Finding
	// Valid is true if no finding is a SeverityError.
	Valid bool
}

// ParseInfo reads the values of the Authentication-Info field lines of one
// response. They are one list of parameters, so a name occurs only once in all
// of them.
//
// Authentication-Info = #auth-param (RFC 9110 section 11.6.3)
func ParseInfo(fields []string, mode Mode) InfoResult {
	var r report
	var params []Param
	for n, field := range fields {
		r.field = n
		if n == MaxFields {
			r.add(IDTooManyFields, 0, "", "")
			break
		}
		var buf [16]mark
		p := parser{report: &r, where: inInfo, marks: buf[:0]}
		if _, ok := p.parse(field); !ok {
			continue
		}
		for i, v := range p.params {
			if len(params) == MaxParams {
				r.add(IDTooManyParams, p.marks[i].name, "", "")
				break
			}
			if _, twice := findParam(params, v.Name); twice {
				r.add(IDDuplicateParam, p.marks[i].name, "", "")
				continue
			}
			params = append(params, v)
			lintInfo(&r, v, p.marks[i])
		}
	}
	if lacks := digestInfoLacks(Info{params}); lacks != "" && valid(r.found) {
		r.add(IDDigestInfoIncomplete, infoEnd(fields, &r), "the parameter "+lacks+" is missing", "")
	}
	sortFindings(r.found)
	res := InfoResult{Info: Info{params}, Findings: r.found, Valid: valid(r.found)}
	if mode != Lenient && !res.Valid {
		res.Info = Info{}
	}
	return res
}

// infoEnd is where something that is missing is reported: the end of the last
// field that is read.
func infoEnd(fields []string, r *report) int {
	r.field = min(len(fields), MaxFields) - 1
	return len(fields[r.field])
}

// lintInfo checks the forms that RFC 7616 section 3.5 prescribes.
func lintInfo(r *report, p Param, m mark) {
	switch {
	case m.quoted && (equalFold(p.Name, "qop") || equalFold(p.Name, "nc")):
		r.add(IDDigestQuoted, m.value, p.Name+" must not be quoted", "")
	case !m.quoted && (equalFold(p.Name, "nextnonce") || equalFold(p.Name, "rspauth") || equalFold(p.Name, "cnonce")):
		r.add(IDDigestUnquoted, m.value, p.Name+" has to be quoted", "")
	}
}

// Err returns the first error as a *SyntaxError, or nil if the result is valid.
func (r InfoResult) Err() error { return firstError(r.Findings) }

// MarshalJSON writes {"params":[[name, value], ...], "findings":[...], "valid":bool}.
func (r InfoResult) MarshalJSON() ([]byte, error) {
	params := r.Info.Params
	if params == nil {
		params = []Param{}
	}
	return json.Marshal(struct {
		Params   []Param   `json:"params"`
		Findings []Finding `json:"findings"`
		Valid    bool      `json:"valid"`
	}{params, jsonFindings(r.Findings), r.Valid})
}

// Param returns the value of the first parameter of that name.
func (i Info) Param(name string) (string, bool) { return findParam(i.Params, name) }

// String returns the field value, as AppendTo writes it.
func (i Info) String() string {
	var buf [256]byte
	return string(i.AppendTo(buf[:0]))
}

// AppendTo appends the field value to b in valid syntax, whatever it holds; see
// [Challenge.AppendTo]. Digest parameters take the form of RFC 7616 section 3.5:
// qop and nc without quotes.
func (i Info) AppendTo(b []byte) []byte { return appendParams(b, i.Params, "", false, inInfo) }

// Validate returns an error if AppendTo would have to change or leave out a part.
func (i Info) Validate() error { return validateParams(i.Params) }
