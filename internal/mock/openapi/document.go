package openapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gate401/gate401"
	"github.com/gate401/gate401/token"
	"github.com/getkin/kin-openapi/openapi3"
)

// Options of a document. The zero value is good.
type Options struct {
	// User and Password are those of the http schemes basic and digest; empty
	// means user and passwd.
	User, Password string
	// Tokens and Keys are accepted beside those that are made: tokens wherever
	// one is asked for, with all scopes, and keys by apiKey. The first of each is
	// what Credentials names.
	Tokens, Keys []string
	// Login judges the tokens of somebody else, such as those of a login; ok is
	// false for a token that is none of those. Nil knows none.
	Login func(ctx context.Context, r *gate401.Request, token string) (id *gate401.Identity, ok bool, err error)
	// Help is where clients find Credentials, a relative URL that refusals name;
	// empty for nowhere.
	Help string
	// SigningKey signs the tokens; nil makes one.
	SigningKey *token.SigningKey
	// Issuer and Audience are those of the tokens; empty means Issuer and the
	// title of the document.
	Issuer, Audience string
	// Prefix is put before all paths, instead of the paths of the servers of the
	// document; empty for those, beside none.
	Prefix string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand is for keys and tokens; nil means crypto/rand.
	Rand io.Reader
}

// Issuer is the issuer of tokens where Options name none.
const Issuer = "https://mock.gate401.invalid"

// Document is an API to be played. Safe for concurrent use; do not copy it.
type Document struct {
	// Title and Version are what the document says of itself.
	Title, Version string
	// Warnings name what is not enforced or not played.
	Warnings []string

	options    Options
	bases      []string
	operations []*operation
	schemes    map[string]*scheme
	names      []string // of schemes, sorted
	unfit      map[string]bool
	logins     sync.Map // of login by the request that is judged
}

// Operation is one operation of a document.
type Operation struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	ID     string `json:"id,omitempty"`
	// Security names the schemes of each requirement, one of which is to be
	// fulfilled; no requirement means that anyone may pass, and an empty one that
	// nothing has to be sent.
	Security [][]string `json:"security"`
}

type operation struct {
	Operation
	route        route
	spec         *openapi3.Operation
	shared       openapi3.Parameters // of the path
	alternatives []alternative
	enforceable  bool // one of them can be enforced as a whole
}

// alternative is one security requirement: all of its uses must be fulfilled.
type alternative struct{ uses []*use }

// Operations lists them by path and method.
func (d *Document) Operations() []Operation {
	out := make([]Operation, len(d.operations))
	for i, o := range d.operations {
		out[i] = o.Operation
	}
	return out
}

func (d *Document) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !d.unfit[text] {
		d.unfit[text] = true
		d.Warnings = append(d.Warnings, text)
	}
}

// compile makes a valid document ready.
func compile(spec *openapi3.T, o Options) (*Document, error) {
	d := &Document{options: o, schemes: map[string]*scheme{}, unfit: map[string]bool{}}
	if spec.Info != nil {
		d.Title, d.Version = spec.Info.Title, spec.Info.Version
	}
	if o.Prefix != "" {
		d.bases = []string{"/" + strings.Trim(o.Prefix, "/")}
	} else {
		var servers []string
		for _, s := range spec.Servers {
			if s != nil {
				servers = append(servers, serverURL(s))
			}
		}
		d.bases = bases(servers)
	}
	if err := d.makeSchemes(spec); err != nil {
		return nil, err
	}
	if spec.Paths == nil {
		return d, nil
	}
	for path, item := range spec.Paths.Map() {
		if item == nil {
			continue
		}
		r := newRoute(path)
		for method, op := range item.Operations() {
			if len(d.operations) == maxOperations {
				return nil, fmt.Errorf("there are more than %d operations", maxOperations)
			}
			security := spec.Security
			if op.Security != nil {
				security = *op.Security
			}
			one := &operation{Operation: Operation{Method: method, Path: path, ID: op.OperationID, Security: [][]string{}}, route: r, spec: op, shared: item.Parameters}
			d.secure(one, security)
			d.operations = append(d.operations, one)
		}
	}
	slices.SortFunc(d.operations, func(a, b *operation) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return strings.Compare(a.Method, b.Method)
	})
	slices.SortStableFunc(d.operations, func(a, b *operation) int { return a.route.compare(&b.route) })
	slices.Sort(d.Warnings)
	return d, nil
}

// serverURL is the address of a server with the defaults of its variables.
func serverURL(s *openapi3.Server) string {
	u := s.URL
	for name, v := range s.Variables {
		if v != nil {
			u = strings.ReplaceAll(u, "{"+name+"}", v.Default)
		}
	}
	return u
}

// find returns the operation for a request whose path, below what the document
// knows nothing of, is escaped; or the methods that this path has.
func (d *Document) find(r *http.Request, escaped string) (op *operation, allowed []string) {
	for _, base := range d.bases {
		below, ok := strings.CutPrefix(escaped, base)
		if !ok || !strings.HasPrefix(below, "/") {
			continue
		}
		path := splitPath(below)
		var first *route
		for _, o := range d.operations {
			if !o.route.match(path) || first != nil && o.route.compare(first) != 0 {
				continue
			}
			first = &o.route
			if o.Method == r.Method {
				return o, nil
			}
			if o.Method == http.MethodGet && r.Method == http.MethodHead {
				op = o
			}
			if !slices.Contains(allowed, o.Method) {
				allowed = append(allowed, o.Method)
			}
		}
		if op != nil {
			return op, nil
		}
		if first != nil {
			return nil, allowed
		}
	}
	return nil, nil
}
