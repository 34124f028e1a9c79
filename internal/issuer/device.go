package issuer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gate401/gate401/store"
)

// Times of the device grant (RFC 8628 section 3.5).
const (
	pollInterval = 5 * time.Second
	slowDown     = 5 * time.Second
	maxInterval  = time.Minute
	pollFloor    = time.Second // a device that asks sooner is not even noted
)

// waiting is what a device waits for, in the Data of its ticket.
type waiting struct {
	User     string        `json:"user"` // hash of the user code, base64url
	Scopes   []string      `json:"scopes,omitempty"`
	Audience []string      `json:"audience,omitempty"`
	Polled   time.Time     `json:"polled,omitzero"`
	Interval time.Duration `json:"interval"`
	Denied   bool          `json:"denied,omitempty"`
	Allowed  *Approval     `json:"allowed,omitempty"`
	Salt     []byte        `json:"salt,omitempty"` // of Allowed, see deviceRefresh
}

// DeviceStart is what a device is told (RFC 8628 section 3.2).
type DeviceStart struct {
	DeviceCode, UserCode string
	ExpiresIn, Interval  time.Duration
}

// Device is a device that waits for somebody to decide.
type Device struct {
	Client   store.Client
	UserCode string // as people read it
	Scopes   []string
	Audience []string
}

// StartDevice makes the codes for a device.
func (s *Issuer) StartDevice(ctx context.Context, c store.Client, asked, resources []string) (*DeviceStart, error) {
	if s.Tickets == nil {
		return nil, errors.New("starting a device: no store for tickets is set")
	}
	if err := mayUse(&c, GrantDeviceCode); err != nil {
		return nil, err
	}
	scopes, err := allowedScopes(&c, asked, mayAsk)
	if err != nil {
		return nil, err
	}
	audience, err := s.Targets(&c, resources)
	if err != nil {
		return nil, err
	}
	code, err := newDeviceCode(s.Rand)
	if err != nil {
		return nil, err
	}
	lasts := s.Policy.device()
	end := s.now().Add(lasts)
	hash := sha256.Sum256([]byte(code))
	user, err := s.reserveUserCode(ctx, c.ID, hash, end)
	if err != nil {
		return nil, err
	}
	userSum := userHash(user)
	w := waiting{User: base64.RawURLEncoding.EncodeToString(userSum[:]), Scopes: scopes, Audience: audience, Interval: pollInterval}
	data, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("starting a device: %w", err)
	}
	if _, err = s.Tickets.CreateTicket(ctx, store.Ticket{Kind: store.TicketDevice, Hash: hash, Client: c.ID, Data: data, Expires: end}); err != nil {
		return nil, fmt.Errorf("starting a device: %w", err)
	}
	return &DeviceStart{DeviceCode: code, UserCode: spaced(user), ExpiresIn: lasts, Interval: pollInterval}, nil
}

// reserveUserCode finds a code that no other device waits with.
func (s *Issuer) reserveUserCode(ctx context.Context, client string, device [32]byte, end time.Time) (string, error) {
	data, err := json.Marshal(base64.RawURLEncoding.EncodeToString(device[:]))
	if err != nil {
		return "", fmt.Errorf("starting a device: %w", err)
	}
	for range 5 {
		user, err := newUserCode(s.Rand)
		if err != nil {
			return "", err
		}
		_, err = s.Tickets.CreateTicket(ctx, store.Ticket{Kind: store.TicketUserCode, Hash: userHash(user), Client: client, Data: data, Expires: end})
		switch {
		case err == nil:
			return user, nil
		case !errors.Is(err, store.ErrExists):
			return "", fmt.Errorf("starting a device: %w", err)
		}
	}
	return "", errors.New("starting a device: all codes that were tried are in use")
}

func newDeviceCode(random io.Reader) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	var bits [32]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return "", fmt.Errorf("random bits: %w", err)
	}
	return "g401d_" + base64.RawURLEncoding.EncodeToString(bits[:]), nil
}

// FindDevice finds the device that waits with a code, as a person typed it. The
// error is ErrUserCode where none does.
func (s *Issuer) FindDevice(ctx context.Context, clients Clients, userCode string) (*Device, error) {
	user, ticket, w, err := s.undecided(ctx, userCode)
	if err != nil {
		return nil, err
	}
	client, err := clients.Client(ctx, ticket.Client)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, ErrUserCode
	case err != nil:
		return nil, fmt.Errorf("reading the client of a device: %w", err)
	case client.Suspended:
		return nil, ErrUserCode
	}
	return &Device{Client: client, UserCode: spaced(user), Scopes: w.Scopes, Audience: w.Audience}, nil
}

// undecided finds a ticket that somebody may decide about.
func (s *Issuer) undecided(ctx context.Context, userCode string) (user string, ticket store.Ticket, w waiting, err error) {
	none := func(err error) (string, store.Ticket, waiting, error) { return "", store.Ticket{}, waiting{}, err }
	if user, err = readUserCode(userCode); err != nil || s.Tickets == nil {
		return none(ErrUserCode)
	}
	byUser, err := s.Tickets.Ticket(ctx, store.TicketUserCode, userHash(user))
	if err == nil {
		var hash [32]byte
		if hash, err = readHash(byUser.Data); err == nil {
			ticket, err = s.Tickets.Ticket(ctx, store.TicketDevice, hash)
		}
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return none(ErrUserCode)
	case err != nil:
		return none(fmt.Errorf("reading the code of a device: %w", err))
	case !ticket.Used.IsZero() || !s.now().Before(ticket.Expires):
		return none(ErrUserCode)
	}
	if err := json.Unmarshal(ticket.Data, &w); err != nil {
		return none(fmt.Errorf("reading what a device waits for: %w", err))
	}
	if w.Denied || w.Allowed != nil {
		return none(ErrUserCode)
	}
	return user, ticket, w, nil
}

func readHash(data []byte) (hash [32]byte, err error) {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return hash, err
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != len(hash) {
		return hash, errors.New("the ticket names no device")
	}
	return [32]byte(raw), nil
}

// AllowDevice lets a device have what it asked for, as far as the person has it.
// The error is ErrUserCode where none waits with that code, and a *FormError
// where nothing would be left.
func (s *Issuer) AllowDevice(ctx context.Context, userCode string, p Approval) error {
	if p.Subject == "" {
		return errors.New("allowing a device: nobody is logged in")
	}
	salt, err := newSalt(s.Rand)
	if err != nil {
		return err
	}
	return s.decide(ctx, userCode, func(w *waiting) error {
		given := slices.DeleteFunc(slices.Clone(w.Scopes), func(scope string) bool {
			return !About(scope) && !slices.Contains(p.Scopes, scope)
		})
		if len(given) == 0 && len(w.Scopes) > 0 {
			return &FormError{Code: "invalid_scope", Description: "The person has none of these scopes."}
		}
		w.Scopes, w.Allowed, w.Salt = given, &p, salt
		return nil
	})
}

// DenyDevice tells a device that it gets nothing.
func (s *Issuer) DenyDevice(ctx context.Context, userCode string) error {
	return s.decide(ctx, userCode, func(w *waiting) error {
		w.Denied = true
		return nil
	})
}

// decide changes a ticket, beside the device that asks about it again and again.
func (s *Issuer) decide(ctx context.Context, userCode string, change func(*waiting) error) error {
	var err error
	for range 10 {
		_, ticket, w, found := s.undecided(ctx, userCode)
		if found != nil {
			return found
		}
		if err := change(&w); err != nil {
			return err
		}
		if ticket.Data, err = json.Marshal(w); err != nil {
			return fmt.Errorf("deciding about a device: %w", err)
		}
		if w.Allowed != nil {
			// An account that is deleted takes its tickets with it, and not those of
			// a provider's person of the same name.
			ticket.Subject = SubjectOf(w.Allowed.Issuer, w.Allowed.Subject)
		}
		if _, err = s.Tickets.UpdateTicket(ctx, ticket); err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrConflict) {
			break
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		return ErrUserCode
	}
	return fmt.Errorf("deciding about a device: %w", err)
}
