// Package operate tests what an operator does with a running gate: reload,
// drain, health, backup, restore, upgrade. It has no code of its own, only tests.
package operate
