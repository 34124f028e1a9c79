package reason

import (
	"encoding/json"
	"net/http"
	"slices"
)

// OpenAPI answers the refusals as the components of an OpenAPI 3.1 document, in
// JSON (which is YAML too), to be pasted into the description of an API: one
// response for each status, the schema of the problem body (RFC 9457) with the
// codes that a caller may see, and the header fields. The bytes are the same on
// every call.
//
// An operation then refers to "#/components/responses/Unauthorized".
func OpenAPI() []byte {
	doc := object{"components": object{
		"responses": openAPIResponses(),
		"schemas":   object{"Problem": problemSchema()},
		"headers":   openAPIHeaders(),
	}}
	// Maps are written with sorted keys, and nothing in them can fail to encode.
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil
	}
	return append(out, '\n')
}

type object = map[string]any

// openAPIStatuses names the response of each status as OpenAPI documents
// usually do.
var openAPIStatuses = []struct {
	status  int
	name    string
	explain string
	headers []string
}{
	{http.StatusBadRequest, "BadRequest", "The request contradicts itself or cannot be read; the same request is refused again.", nil},
	{http.StatusUnauthorized, "Unauthorized", "The request carries no valid proof of who is asking. Each WWW-Authenticate field names one way to give it.", []string{"WWW-Authenticate"}},
	{http.StatusForbidden, "Forbidden", "It is clear who is asking, and the answer is no. Logging in again does not help.", []string{"WWW-Authenticate"}},
	{http.StatusTooManyRequests, "TooManyRequests", "Too many attempts. Wait for the time in Retry-After.", []string{"Retry-After"}},
	{http.StatusServiceUnavailable, "ServiceUnavailable", "The credentials could not be checked just now. Keep them and send the same request later.", []string{"Retry-After"}},
}

func openAPIResponses() object {
	responses := object{}
	for _, s := range openAPIStatuses {
		headers := object{"X-Request-Id": ref("headers", "X-Request-Id"), "Cache-Control": ref("headers", "Cache-Control")}
		for _, name := range s.headers {
			headers[name] = ref("headers", name)
		}
		var codes, retries []string
		examples := object{}
		for _, i := range table {
			if i.Status != s.status || i.ShownAs != "" {
				continue
			}
			codes = append(codes, string(i.Code))
			if !slices.Contains(retries, string(i.Retry)) {
				retries = append(retries, string(i.Retry))
			}
			examples[string(i.Code)] = object{"summary": i.Title, "value": problemExample(i)}
		}
		slices.Sort(retries)
		responses[s.name] = object{
			"description": s.explain,
			"headers":     headers,
			"content": object{"application/problem+json": object{
				"schema": object{
					"allOf": []any{ref("schemas", "Problem"), object{
						"properties": object{
							"status": object{"const": s.status},
							"code":   object{"enum": codes},
							"retry":  object{"enum": retries},
						},
					}},
				},
				"examples": examples,
			}},
		}
	}
	return responses
}

// problemSchema lists every code and retry that can be shown at all, so that a
// generated client has one closed type for each.
func problemSchema() object {
	var codes, retryNames, errors []string
	for _, i := range table {
		if i.ShownAs != "" {
			continue
		}
		codes = append(codes, string(i.Code))
		if i.Error != "" && !slices.Contains(errors, i.Error) {
			errors = append(errors, i.Error)
		}
	}
	for _, r := range retries {
		retryNames = append(retryNames, string(r.Retry))
	}
	slices.Sort(errors)
	text := func(description string) object { return object{"type": "string", "description": description} }
	enum := func(values []string, description string) object {
		return object{"type": "string", "enum": values, "description": description}
	}
	return object{
		"type":        "object",
		"description": "Why the request was refused and what to do next (RFC 9457).",
		"required":    []string{"type", "title", "status", "code", "retry"},
		"properties": object{
			"type":       object{"type": "string", "format": "uri-reference", "description": "The page that explains this reason."},
			"title":      text("What happened, for people."),
			"status":     object{"type": "integer", "description": "The HTTP status, repeated."},
			"code":       enum(codes, "The reason, for programs. New ones may be added."),
			"error":      enum(errors, "The OAuth error code, where one applies (RFC 6750 section 3.1)."),
			"retry":      enum(retryNames, "What a client should do."),
			"detail":     text("What to do next, for people."),
			"request_id": text("Quote it when you ask support; also in X-Request-Id."),
		},
	}
}

func openAPIHeaders() object {
	header := func(description, typ string, example any) object {
		return object{"description": description, "schema": object{"type": typ}, "example": example}
	}
	return object{
		"WWW-Authenticate": header("One challenge, and one field for each way to authenticate (RFC 9110 section 11.6.1). "+
			"Always there with 401; with 403 only where a scope is missing.", "string",
			`Bearer realm="orders", error="invalid_token", error_description="`+TokenExpired.Info().Title+`"`),
		"Retry-After":   header("Seconds to wait (RFC 9110 section 10.2.3).", "integer", 30),
		"X-Request-Id":  header("Names this request; quote it when you ask support.", "string", exampleRequestID),
		"Cache-Control": header("A refusal is never stored.", "string", "no-store"),
	}
}

const exampleRequestID = "01JGJ0Q4B8Z3V5K7M9N1P2R4T6"

func problemExample(i Info) object {
	o := object{
		"type": i.Page("/auth/problems/"), "title": i.Title, "status": i.Status, "code": i.Code,
		"retry": i.Retry, "detail": i.Detail, "request_id": exampleRequestID,
	}
	if i.Error != "" {
		o["error"] = i.Error
	}
	return o
}

func ref(kind, name string) object { return object{"$ref": "#/components/" + kind + "/" + name} }

// OpenAPIResponse is the name under which [OpenAPI] describes a status, such as
// "Unauthorized" for 401; ok is false for a status that no refusal has.
func OpenAPIResponse(status int) (name string, ok bool) {
	for _, s := range openAPIStatuses {
		if s.status == status {
			return s.name, true
		}
	}
	return "", false
}
