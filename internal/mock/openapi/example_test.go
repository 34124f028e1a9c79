package openapi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gate401/gate401/internal/mock/openapi"
)

func Example() {
	d, err := openapi.Load("api.yaml", []byte(`
openapi: 3.1.0
info: {title: Weather, version: "1"}
security: [{login: []}]
paths:
  /today:
    get:
      responses:
        "200": {description: the weather, content: {application/json: {example: {rain: true}}}}
components:
  securitySchemes: {login: {type: http, scheme: basic}}
`), openapi.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	credentials, err := d.Credentials()
	if err != nil {
		fmt.Println(err)
		return
	}
	h := d.Handler(http.NotFoundHandler())
	for _, send := range []string{"", credentials[0].Send} {
		r := httptest.NewRequest(http.MethodGet, "/today", nil)
		if send != "" {
			r.Header.Set("Authorization", send)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("WWW-Authenticate"))
	}
	fmt.Println(credentials[0].Curl)
	// Output:
	// 401 "Basic realm=\"Weather\", charset=\"UTF-8\""
	// 200 ""
	// -u 'user:passwd'
}
