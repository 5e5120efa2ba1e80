package webmap

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// policy is the Content-Security-Policy: own files only.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard decides which requests are answered.
type guard struct {
	token string
	port  string // of the server
}

// newToken returns 128 random bits in hexadecimal digits.
func newToken() string {
	var bits [16]byte
	_, _ = rand.Read(bits[:]) // never fails (crypto/rand)
	return hex.EncodeToString(bits[:])
}

// cookie is the name of the cookie with the token. Browsers send cookies to all ports of a
// host, so it has the port in its name.
func (g *guard) cookie() string { return "zre-map-" + g.port }

// wrap guards a handler.
func (g *guard) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		switch {
		case !g.hostIsOurs(r.Host):
			http.Error(w, "this is not the address that zre map printed", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		case fromElsewhere(r):
			http.Error(w, "requests of other pages are not answered", http.StatusForbidden)
		case g.is(r.URL.Query().Get("token")):
			http.SetCookie(w, &http.Cookie{
				Name: g.cookie(), Value: g.token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
			})
			if r.URL.Path != "/" {
				next.ServeHTTP(w, r)
				return
			}
			// So that the token is in no history, and in no address bar for others to see.
			http.Redirect(w, r, "/", http.StatusSeeOther)
		case g.hasCookie(r):
			next.ServeHTTP(w, r)
		default:
			http.Error(w, "open the address that zre map printed, with its token", http.StatusForbidden)
		}
	})
}

// hostIsOurs reports whether a Host is an IP address or localhost, with the port of the server.
func (g *guard) hostIsOurs(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil { // The port of HTTP is left out.
		name, port = strings.Trim(host, "[]"), "80"
	}
	if port != g.port {
		return false
	}
	_, err = netip.ParseAddr(name)
	return err == nil || strings.EqualFold(name, "localhost")
}

// fromElsewhere reports whether the browser says that the page of another origin asks. A link
// that a person follows is no such request.
func fromElsewhere(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return (site == "cross-site" || site == "same-site") && r.Header.Get("Sec-Fetch-Mode") != "navigate"
}

// is compares in constant time.
func (g *guard) is(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(g.token)) == 1
}

func (g *guard) hasCookie(r *http.Request) bool {
	for _, c := range r.CookiesNamed(g.cookie()) {
		if g.is(c.Value) {
			return true
		}
	}
	return false
}
