package scenario

import (
	"net/http"
	"slices"
	"sync"

	"github.com/gate401/gate401/internal/mock/mix"
	"github.com/gate401/gate401/internal/mock/world"
	"github.com/gate401/gate401/reason"
)

// Scenario is one thing that can happen to a client.
type Scenario struct {
	Name  string `json:"name"`
	Group Group  `json:"group"`
	// Title says what happens, in a few words; Explain where it is met and what
	// it does to clients.
	Title   string `json:"title"`
	Explain string `json:"explain"`
	// Reason is the entry of the catalogue that the refusal has; empty where
	// none fits.
	Reason reason.Code `json:"reason,omitempty"`
	// Simulated tells that the gate cannot find the reason yet: the answer is
	// made from the catalogue's entry alone.
	Simulated bool `json:"simulated,omitempty"`
	// Path is where it is played. KEY stands for a word of the client's own that
	// keeps its counter apart from those of others, SESSION for the rest of the
	// name of its world.
	Path string `json:"path"`
	// SessionPath is where a world plays it, with a login and with tokens that
	// pass; empty where none does.
	SessionPath string `json:"session_path,omitempty"`
	// Expect is what a right client does.
	Expect Expect `json:"expect"`
	// World is what the world of a scenario with a life is made of; nil for all
	// others.
	World *world.Settings `json:"world,omitempty"`

	play playing
	// refusal is what is laid over the refusals of a world; nil where that makes
	// no sense.
	refusal *mix.Answer
}

// playing answers a request; rest is the path behind the scenario's name.
type playing = func(p *Player, w http.ResponseWriter, r *http.Request, rest string)

// Group says what a scenario is about.
type Group string

// The groups.
const (
	GroupReason     Group = "reason"     // the refusals of the catalogue, as the gate writes them
	GroupChallenge  Group = "challenge"  // challenges that are missing, broken or unusual
	GroupStatus     Group = "status"     // refusals with another status than the right one
	GroupAnswer     Group = "answer"     // bodies and fields that surprise
	GroupConnection Group = "connection" // connections that end early
	GroupNetwork    Group = "network"    // proxies and redirects
	GroupClock      Group = "clock"      // clocks that disagree
	GroupCounter    Group = "counter"    // refusals that come and go
	GroupKeys       Group = "keys"       // key sets, for whoever verifies tokens
	GroupToken      Group = "token"      // access tokens, in a world
	GroupRefresh    Group = "refresh"    // the token endpoint, in a world
)

// Groups lists all groups in the order in which they are told.
func Groups() []Group {
	return []Group{GroupReason, GroupChallenge, GroupStatus, GroupAnswer, GroupConnection, GroupNetwork, GroupClock, GroupCounter, GroupKeys, GroupToken, GroupRefresh}
}

// Move is what a right client does.
type Move string

// The moves. Those that a refusal of the gate asks for have the words of
// reason.Retry.
const (
	MoveRefresh        = Move(reason.RetryRefresh)
	MoveReauthenticate = Move(reason.RetryReauthenticate)
	MoveRepeat         = Move(reason.RetryRepeat)
	MoveFixRequest     = Move(reason.RetryFixRequest)
	MoveWait           = Move(reason.RetryWait)
	MoveRequestAccess  = Move(reason.RetryRequestAccess)
	MoveStepUp         = Move(reason.RetryStepUp)
	MoveLater          = Move(reason.RetryLater)
	// MoveAnswer sends the credentials that the challenge asks for, once.
	MoveAnswer Move = "answer"
	// MoveGiveUp stops and reports what came.
	MoveGiveUp Move = "give-up"
	// MoveProceed goes on as if nothing had happened.
	MoveProceed Move = "proceed"
)

// Expect is what a right client does in a scenario, as data for a judge.
type Expect struct {
	Do Move `json:"do"`
	// Sentence says it to a person.
	Sentence string `json:"sentence"`
	// Requests is how many requests to the refused resource a right client makes
	// at most, the first one included; 0 where it is not limited.
	Requests int `json:"requests,omitempty"`
	// Refreshes is how often it goes to the token endpoint for them at most; -1
	// for not at all.
	Refreshes int `json:"refreshes,omitempty"`
	// Status is what the caller of the client sees in the end; 0 where that
	// depends.
	Status int `json:"status,omitempty"`
}

// Prefix is where a Player wants to be.
const Prefix = "/scenario/"

// All lists all scenarios, by group. What it returns is the caller's own.
func All() []Scenario {
	all := slices.Clone(prepared())
	for i, s := range all {
		if s.World != nil {
			w := *s.World
			all[i].World = &w
		}
	}
	return all
}

// prepared is made once for the process: every mock asks for it several times
// before its first answer.
var prepared = sync.OnceValue(func() []Scenario {
	return slices.Concat(reasons(), challenges(), statuses(), answers(), connections(), network(), clocks(), counters(), keySets(), tokens(), refreshes())
})

// Lookup finds a scenario by its name.
func Lookup(name string) (Scenario, bool) {
	all := All()
	if i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name }); i >= 0 {
		return all[i], true
	}
	return Scenario{}, false
}
