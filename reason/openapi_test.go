package reason_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gate401/gate401/reason"
)

type openAPI struct {
	Components struct {
		Responses map[string]struct {
			Description string                       `json:"description"`
			Headers     map[string]map[string]string `json:"headers"`
			Content     map[string]struct {
				Schema struct {
					AllOf []struct {
						Ref        string `json:"$ref"`
						Properties struct {
							Status struct {
								Const int `json:"const"`
							} `json:"status"`
							Code struct {
								Enum []reason.Code `json:"enum"`
							} `json:"code"`
							Retry struct {
								Enum []reason.Retry `json:"enum"`
							} `json:"retry"`
						} `json:"properties"`
					} `json:"allOf"`
				} `json:"schema"`
				Examples map[reason.Code]struct {
					Summary string         `json:"summary"`
					Value   map[string]any `json:"value"`
				} `json:"examples"`
			} `json:"content"`
		} `json:"responses"`
		Schemas map[string]struct {
			Type       string   `json:"type"`
			Required   []string `json:"required"`
			Properties map[string]struct {
				Type string   `json:"type"`
				Enum []string `json:"enum"`
			} `json:"properties"`
		} `json:"schemas"`
		Headers map[string]struct {
			Description string         `json:"description"`
			Schema      map[string]any `json:"schema"`
		} `json:"headers"`
	} `json:"components"`
}

func TestOpenAPI(t *testing.T) {
	raw := reason.OpenAPI()
	if !bytes.Equal(raw, reason.OpenAPI()) {
		t.Error("two calls differ")
	}
	var doc openAPI
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	c := doc.Components

	shown := map[int][]reason.Code{}
	for _, i := range reason.All() {
		if i.ShownAs == "" {
			shown[i.Status] = append(shown[i.Status], i.Code)
		}
	}
	if len(c.Responses) != len(shown) {
		t.Errorf("%d responses for %d statuses", len(c.Responses), len(shown))
	}
	for status, codes := range shown {
		name, ok := reason.OpenAPIResponse(status)
		if !ok {
			t.Errorf("status %d has no response", status)
			continue
		}
		r := c.Responses[name]
		content, ok := r.Content["application/problem+json"]
		if !ok || len(content.Schema.AllOf) != 2 {
			t.Fatalf("%s: no problem+json with a schema of two parts", name)
		}
		own := content.Schema.AllOf[1].Properties
		if own.Status.Const != status {
			t.Errorf("%s: status %d, want %d", name, own.Status.Const, status)
		}
		if diff := cmp.Diff(codes, own.Code.Enum); diff != "" {
			t.Errorf("%s: codes (-catalogue +document):\n%s", name, diff)
		}
		for _, code := range codes {
			i := code.Info()
			if !slices.Contains(own.Retry.Enum, i.Retry) {
				t.Errorf("%s: retry %s is missing", name, i.Retry)
			}
			value := content.Examples[code].Value
			for _, member := range c.Schemas["Problem"].Required {
				if value[member] == nil {
					t.Errorf("%s: the example of %s lacks %s", name, code, member)
				}
			}
			for member := range value {
				if _, ok := c.Schemas["Problem"].Properties[member]; !ok {
					t.Errorf("%s: the example of %s has %s, the schema has not", name, code, member)
				}
			}
		}
		if r.Description == "" {
			t.Errorf("%s: no description", name)
		}
		want := map[int]string{401: "WWW-Authenticate", 403: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}[status]
		if _, ok := r.Headers[want]; want != "" && !ok {
			t.Errorf("%s: header %s is missing", name, want)
		}
		if _, ok := r.Headers["X-Request-Id"]; !ok {
			t.Errorf("%s: header X-Request-Id is missing", name)
		}
		for h, target := range r.Headers {
			if got := strings.TrimPrefix(target["$ref"], "#/components/headers/"); got != h {
				t.Errorf("%s: header %s refers to %q", name, h, target["$ref"])
			}
			if c.Headers[h].Description == "" || c.Headers[h].Schema == nil {
				t.Errorf("%s: header %s is not described", name, h)
			}
		}
		if got := content.Schema.AllOf[0].Ref; got != "#/components/schemas/Problem" {
			t.Errorf("%s: refers to %q", name, got)
		}
	}
	if _, ok := reason.OpenAPIResponse(200); ok {
		t.Error("status 200 has a response")
	}
}

// A masked code in a public description would be a promise to send it.
func TestOpenAPIHidesMaskedCodes(t *testing.T) {
	raw := string(reason.OpenAPI())
	for _, i := range reason.All() {
		if i.ShownAs != "" && strings.Contains(raw, `"`+string(i.Code)+`"`) {
			t.Errorf("masked code %s is in the document", i.Code)
		}
	}
}
