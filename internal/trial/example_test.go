package trial_test

import (
	"context"
	"fmt"

	"github.com/gate401/gate401/internal/trial"
)

func ExampleTrial_Run() {
	t := trial.Trial{
		Command: []string{"curl", "-sf", "-u", "{username}:{password}", "{url}"},
		Only:    []string{"challenge-two-fields"},
	}
	report, err := t.Run(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Passed, "passed")
}
