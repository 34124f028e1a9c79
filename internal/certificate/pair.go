package certificate

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"time"
)

// maxFile is more than any chain or key needs.
const maxFile = 1 << 20

// Pair names the files of a certificate, with its chain, and of its key.
type Pair struct{ Cert, Key string }

// FileError says which file of a pair is at fault, and what to do about it.
type FileError struct {
	Path string
	Err  error
	Help string // one thing to do; "" if there is nothing to say
}

// Error names the file and the cause.
func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Hint returns the one thing to do, for whoever prints hints.
func (e *FileError) Hint() string { return e.Help }

// Causes that are told apart by whoever shows them.
var (
	// ErrNoMatch says that the key is not the key of the certificate.
	ErrNoMatch = errors.New("the key does not belong to the certificate")
	// ErrEncrypted says that the key needs a passphrase, which nobody could type
	// at every start.
	ErrEncrypted = errors.New("the private key is encrypted")
	errNoCert    = errors.New("there is no certificate in it")
	errNoKey     = errors.New("there is no private key in it")
)

// content is what a pair holds, and the hash of it.
type content struct {
	cert, key []byte
	hash      [32]byte
}

// read reads both files; no error means no more than that they could be read.
func (p Pair) read() (content, error) {
	var c content
	var err error
	if c.cert, err = readFile(p.Cert); err != nil {
		return content{}, err
	}
	if c.key, err = readFile(p.Key); err != nil {
		return content{}, err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d ", len(c.cert))
	h.Write(c.cert)
	h.Write(c.key)
	c.hash = [32]byte(h.Sum(nil))
	return c, nil
}

func readFile(path string) ([]byte, error) {
	wrong := func(err error, help string) error { return &FileError{Path: path, Err: bare(err), Help: help} }
	// Before opening: a pipe would block.
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, wrong(errors.New("there is no such file"), "check the name; a relative one begins in the folder of the file")
	case err != nil:
		return nil, wrong(err, "")
	case !info.Mode().IsRegular():
		return nil, wrong(errors.New("it is no regular file"), "")
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, wrong(err, "let the user that runs gate401 read it, and nobody else")
	} else if err != nil {
		return nil, wrong(err, "")
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, wrong(err, "")
	case len(data) > maxFile:
		return nil, wrong(fmt.Errorf("it has more than %d octets", maxFile), "")
	case len(bytes.TrimSpace(data)) == 0:
		return nil, wrong(errors.New("it is empty"), "")
	}
	return data, nil
}

// parse makes a certificate of what was read.
func (p Pair) parse(c content) (*tls.Certificate, error) {
	switch certs, keys, sealed := blocks(c.cert); {
	case certs == 0 && keys+sealed > 0 && p.Cert != p.Key:
		return nil, &FileError{Path: p.Cert, Err: fmt.Errorf("%w, but a private key", errNoCert), Help: "cert and key may have been exchanged"}
	case certs == 0:
		return nil, &FileError{Path: p.Cert, Err: errNoCert, Help: "it must be PEM, which begins with -----BEGIN CERTIFICATE-----"}
	}
	switch certs, keys, sealed := blocks(c.key); {
	case keys == 0 && sealed > 0:
		return nil, &FileError{Path: p.Key, Err: ErrEncrypted, Help: "write it without a passphrase: openssl pkey -in " + p.Key + " -out plain-key.pem"}
	case keys == 0 && certs > 0:
		return nil, &FileError{Path: p.Key, Err: fmt.Errorf("%w, but a certificate", errNoKey), Help: "cert and key may have been exchanged"}
	case keys == 0:
		return nil, &FileError{Path: p.Key, Err: errNoKey, Help: "it must be PEM, which begins with -----BEGIN PRIVATE KEY-----"}
	}
	pair, err := tls.X509KeyPair(c.cert, c.key)
	switch {
	case err == nil:
		return &pair, nil
	case strings.Contains(err.Error(), "does not match"):
		return nil, &FileError{Path: p.Key, Err: fmt.Errorf("%w in %s", ErrNoMatch, p.Cert), Help: "the certificate of the server comes first in its file, then its chain"}
	}
	at := p.Cert
	if strings.Contains(err.Error(), "private key") {
		at = p.Key
	}
	// What crypto/tls says is about the structure and holds nothing of the key.
	return nil, &FileError{Path: at, Err: errors.New(strings.TrimPrefix(err.Error(), "tls: "))}
}

// blocks counts what is in a PEM file.
func blocks(data []byte) (certs, keys, sealed int) {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return certs, keys, sealed
		}
		switch {
		case block.Type == "CERTIFICATE":
			certs++
		case block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			sealed++
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			keys++
		}
		data = rest
	}
}

// Load reads a pair. doubts are what is wrong with one that can be used, each
// with the file in front.
func (p Pair) Load(now time.Time) (pair *tls.Certificate, doubts []string, err error) {
	c, err := p.read()
	if err != nil {
		return nil, nil, err
	}
	if pair, err = p.parse(c); err != nil {
		return nil, nil, err
	}
	return pair, p.doubts(pair, now), nil
}

func (p Pair) doubts(pair *tls.Certificate, now time.Time) []string {
	var list []string
	leaf := pair.Leaf
	const form = "2006-01-02 15:04 MST"
	switch {
	case now.After(leaf.NotAfter):
		list = append(list, p.Cert+": the certificate expired at "+leaf.NotAfter.UTC().Format(form)+": clients refuse it")
	case now.Before(leaf.NotBefore):
		list = append(list, p.Cert+": the certificate is good from "+leaf.NotBefore.UTC().Format(form)+" on: clients refuse it until then")
	case leaf.NotAfter.Sub(now) < leaf.NotAfter.Sub(leaf.NotBefore)/10:
		list = append(list, p.Cert+": the certificate expires at "+leaf.NotAfter.UTC().Format(form))
	}
	if len(leaf.DNSNames) == 0 && len(leaf.IPAddresses) == 0 {
		list = append(list, p.Cert+": the certificate has no subject alternative name: clients refuse it (RFC 9525 section 2)")
	}
	if info, err := os.Stat(p.Key); err == nil && info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows" {
		list = append(list, fmt.Sprintf("%s: everyone on this machine may read the private key (mode %04o): chmod 600 %s", p.Key, info.Mode().Perm(), p.Key))
	}
	return list
}

// bare takes the path out of an error that will be printed behind it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", p.Op, p.Err)
	}
	return err
}
