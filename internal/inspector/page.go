package inspector

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"slices"
	"sync"

	"github.com/gate401/gate401/web"
)

//go:embed static
var files embed.FS

// scripts are the parts of the script, in the order in which they need one
// another.
var scripts = [...]string{"octets.js", "json.js", "token.js", "keys.js", "times.js", "field.js", "input.js", "judge.js", "report.js", "view.js", "page.js"}

// built is the page with the policy that names its script and its style.
type built struct {
	page   []byte
	policy string
}

// assemble puts the page together; nothing in it depends on a request.
var assemble = sync.OnceValue(func() built {
	script := slices.Concat([]byte("(() => {\n\"use strict\";\nconst facts = "), facts(), []byte(";\n"))
	for _, name := range scripts {
		script = append(script, read(name)...)
	}
	script = append(script, "})();\n"...)
	style := slices.Concat(web.File("style.css"), read("inspector.css"))

	// A script of another origin, an image, a form, a frame, a connection: none
	// is possible, whatever is pasted and whatever a browser extension misses.
	policy := "default-src 'none'; connect-src 'none'; script-src '" + hash(script) + "'; style-src '" + hash(style) + "'; " +
		"img-src data:; form-action 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
	page := read("page.html")
	for mark, value := range map[string][]byte{
		"{{policy}}": []byte(policy), "{{icon}}": []byte(base64.StdEncoding.EncodeToString(web.File("icon.svg"))),
		"{{style}}": style, "{{script}}": script,
	} {
		page = bytes.Replace(page, []byte(mark), value, 1)
	}
	return built{page: page, policy: policy}
})

func hash(part []byte) string {
	sum := sha256.Sum256(part)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// read reads an embedded file; it was there when the program was built.
func read(name string) []byte {
	data, err := files.ReadFile("static/" + name)
	if err != nil {
		panic(err)
	}
	return data
}

// Page is the whole page, to be written to a file or served. It is the caller's.
func Page() []byte { return bytes.Clone(assemble().page) }

// Policy is the Content-Security-Policy of the page as a header: that of the
// page itself, and no frame around it.
func Policy() string { return assemble().policy + "; frame-ancestors 'none'" }
