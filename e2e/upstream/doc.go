// Package upstream tests what stands behind the gate: several servers, their
// health, their failures, and a change of them under load.
package upstream
