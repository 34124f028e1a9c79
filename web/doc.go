// Package web holds what the pages of gate401 share: one stylesheet, the small
// scripts, the layout around every page, and the two renderers of text: [Text]
// for sentences of the catalogue and [Wire] for HTTP messages.
//
// Start with [Layout], which puts a page around its children, and [Serve],
// which answers for the files that the layout points to.
//
// The pages themselves stand beside the handlers that serve them. Nothing here
// knows a route or a reason. Pages work without scripts, load nothing from
// other origins, and run under [Policy].
package web
