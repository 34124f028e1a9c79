// Package config reads gate401.yaml: it decodes, fills in defaults and checks
// everything at once, and names every fault by line and column.
//
// Start with [Load], which turns the text of a file into a [File], and with
// [Default], which is what is in force where there is no file at all. [Faults.Detail]
// prints what is wrong with the lines they are in.
//
// # What is in force
//
// What the file says, over [Default]. A section that is given replaces the
// default of that section key by key, except methods and identity.headers,
// which replace the default as a whole: a method that nobody wrote down must
// not open a door.
//
// # Values from elsewhere
//
// In any text value, ${NAME} and ${env:NAME} stand for a variable of the
// environment and ${file:/path} for the content of a file without its last line
// break; $${ stands for ${ itself. What is missing is a fault. What came from
// elsewhere is never printed, neither in faults nor by [Show].
//
// Relative paths begin in the folder of the file: whoever reads it from elsewhere
// means the same files.
//
// # What it does not do
//
// It opens no database, builds no gate and compiles no rules: it knows names and
// values, not what they do. The few things that YAML can do and a configuration
// does not need (anchors, aliases, merge keys, tags, several documents) are
// refused, because each of them is a way to write a file that two readers
// understand differently.
package config
