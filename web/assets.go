package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var files embed.FS

// Policy is the Content-Security-Policy of every page: its own files and its
// own forms, nothing inline, no frame, no other origin.
const Policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// asset is one embedded file.
type asset struct {
	name   string // style.css
	hashed string // style.0123456789ab.css
	mime   string
	etag   string
	body   []byte
}

// assets is filled once, before main, and never changed.
var assets = load()

// load reads the embedded files; they were there when the program was built.
func load() map[string]*asset {
	mimes := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	byName := map[string]*asset{}
	entries, err := files.ReadDir("static")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		body, err := files.ReadFile("static/" + e.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(body)
		hash := hex.EncodeToString(sum[:6])
		ext := path.Ext(e.Name())
		a := &asset{
			name: e.Name(), hashed: strings.TrimSuffix(e.Name(), ext) + "." + hash + ext,
			mime: mimes[ext], etag: `"` + hash + `"`, body: body,
		}
		byName[a.name], byName[a.hashed] = a, a
	}
	return byName
}

// URL is the address of a file below prefix, with a hash of its content in the
// name, so that it may be kept for ever. A file that does not exist is answered
// with its plain name, which leads to a 404.
func URL(prefix, name string) string {
	if a, ok := assets[name]; ok {
		return prefix + a.hashed
	}
	return prefix + name
}

// File is the content of a file by its plain name, for a page that has to be one
// piece; nil if there is none. It is the caller's.
func File(name string) []byte {
	if a, ok := assets[name]; ok {
		return bytes.Clone(a.body)
	}
	return nil
}

// Serve answers for the file with the given name, plain or hashed. The caller
// has checked the method.
func Serve(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	a, ok := assets[name]
	if !ok {
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("There is no such file.\n"))
		return
	}
	h.Set("Content-Type", a.mime)
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("ETag", a.etag)
	if name == a.hashed {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, max-age=300")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}
