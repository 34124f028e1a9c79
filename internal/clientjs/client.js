// fetch() for pages behind gate401: see docs/pages.md. What is served is this file
// without comments and indentation, and with one of two frames around it.

// A request that cannot be sent again, because its body was a stream: it may be
// made anew, the credential is good now.
class RepeatError extends Error {
  constructor(response) {
    super('The body was a stream and cannot be sent again.')
    this.name = 'RepeatError'
    this.response = response
  }
}

const base64url = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)))

// client makes one for the session of this browser or, with a clientId, for the
// tokens of a public client.
const client = (o = {}) => {
  const at = new URL('.', src)
  const { clientId: id, scope, resource } = o
  const name = 'gate401 ' + at + (id || '')
  const back = o.redirectUri || location.origin + location.pathname
  const channel = id && window.BroadcastChannel && new BroadcastChannel(name)
  // All that is secret is here, and nowhere that outlives the page.
  let tokens, heard, asking, old
  // Whoever gets a 401 in one round shares one flight, and what came of it.
  let round = 0, flight, last

  const keep = (t, quiet) => {
    tokens = t
    if (!quiet && channel) channel.postMessage({ tokens })
  }
  if (channel) channel.onmessage = ({ data }) => {
    if (data.ask) {
      if (tokens) channel.postMessage({ tokens, answer: data.ask })
    // An answer that comes late must not undo a logout.
    } else if (!data.answer || data.answer == asking) {
      keep(data.tokens, true)
      if (heard) heard()
    }
  }

  // Others tell what they have, if there is somebody. What was used is no news.
  const ask = (used, wait = 200) => new Promise(done => {
    heard = () => { if (!tokens || tokens.access != used) done() }
    setTimeout(done, wait)
    channel.postMessage({ ask: asking = Math.random() })
  }).then(() => { heard = asking = 0 })
  // A page that comes out of the back/forward cache heard nothing while it was
  // there: its refresh token may be used up, and would end the login of all.
  if (channel) addEventListener('pageshow', e => { old = e.persisted })

  const post = (to, form) => fetch(at + to, { method: 'POST', credentials: 'omit', body: new URLSearchParams({ client_id: id, ...form }) })
  const take = async r => {
    const t = await r.json()
    keep({ access: t.access_token, refresh: t.refresh_token })
    return true
  }

  // renew is true if the credential is good now, false if somebody has to log in,
  // and undefined if that cannot be told.
  const renew = async used => {
    if (!id) {
      const r = await fetch(at + 'me', { credentials: 'include', headers: { accept: 'application/json' } })
      return r.ok || (r.status == 401 ? false : undefined)
    }
    if ((!tokens || old) && channel) await ask(used)
    old = false
    if (!tokens) return false
    if (tokens.access != used) return true
    if (tokens.refresh) {
      const r = await post('token', { grant_type: 'refresh_token', refresh_token: tokens.refresh })
      if (r.ok) return take(r)
      if (r.status != 400 && r.status != 401) return
    }
    keep()
    return false
  }

  // One tab after another: the next finds what the first one got, which may take
  // longer than the lock to get here.
  const inTurn = async used => {
    const { locks } = navigator
    if (!locks) return renew(used)
    const first = await locks.request(name, { ifAvailable: true }, async lock => lock && { good: await renew(used) })
    return first ? first.good : locks.request(name, async () => {
      if (channel && tokens && tokens.access == used) await ask(used, 1000)
      return renew(used)
    })
  }

  const begin = async (used, again, response) => {
    let good
    try {
      good = !again && await inTurn(used)
      if (good === false) good = await (o.onLoginRequired || login)({ response, again }) === true
    } finally {
      last = good
      round++
      flight = null
    }
    return good
  }

  const login = async ({ again } = {}) => {
    const form = { return_to: location.pathname + location.search + location.hash }
    if (again) form.again = 1
    let to = 'login?' + new URLSearchParams(form)
    if (id) {
      const verifier = random(), state = random()
      const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))
      sessionStorage.setItem(name, JSON.stringify({ verifier, state, here: location.href }))
      const form = { response_type: 'code', client_id: id, redirect_uri: back, state, code_challenge: base64url(hash), code_challenge_method: 'S256' }
      if (scope) form.scope = scope
      if (resource) form.resource = resource
      if (again) form.prompt = 'login'
      to = 'authorize?' + new URLSearchParams(form)
    }
    // In place of this page: the way back leads to what was before it.
    location.replace(at + to)
    return new Promise(() => {})
  }

  // handleRedirect ends a login, if this page is where one leads back to.
  const handleRedirect = async () => {
    const q = new URLSearchParams(location.search)
    if (!q.has('state') || !(q.has('code') || q.has('error'))) return false
    const saved = JSON.parse(sessionStorage.getItem(name))
    sessionStorage.removeItem(name)
    history.replaceState(null, '', saved ? saved.here : location.origin + location.pathname)
    // Nobody began a login: somebody went back in the history.
    if (!saved) return false
    if (q.get('state') != saved.state || q.get('iss') != at.origin) throw Error('This login was not begun here.')
    if (q.has('error')) throw Error(q.get('error'))
    const r = await post('token', { grant_type: 'authorization_code', code: q.get('code'), redirect_uri: back, code_verifier: saved.verifier })
    if (!r.ok) throw Error((await r.json()).error)
    return take(r)
  }

  const logout = async () => {
    if (!id) return fetch(at + 'logout', { method: 'POST', credentials: 'include' })
    // What another tab got is withdrawn too, and not only forgotten.
    if (!tokens && channel) await ask()
    const t = tokens
    keep()
    if (t) return post('revoke', { token: t.refresh || t.access })
  }

  // mine tells whether the gate asks for what this client can get: 'again' if
  // that has to be a new proof.
  const mine = async (r, used) => {
    const asked = r.headers.get('www-authenticate') || ''
    if (r.status != 401 || !(id ? /\bbearer\b/i : /\bsession\b/i).test(asked)) return
    const { retry } = /problem\+json/.test(r.headers.get('content-type')) ? await r.clone().json().catch(() => ({})) : {}
    if (retry) return { refresh: 1, reauthenticate: 1, 'step-up': 'again' }[retry]
    return !used || /invalid_token/.test(asked)
  }

  const call = async (input, init = {}) => {
    const known = new Headers(init.headers || input.headers)
    // The address as fetch() reads it, which a <base> changes.
    const { url } = input.clone ? input : new Request(input)
    if (new URL(url).origin != at.origin || known.has('authorization')) return fetch(input, init)
    const spare = input.clone ? input.clone() : input
    const send = what => {
      if (tokens) known.set('authorization', 'Bearer ' + tokens.access)
      return fetch(what, { ...init, headers: known })
    }
    const used = tokens && tokens.access, started = round
    const response = await send(input)
    const why = await mine(response, used)
    if (!why) return response
    const good = started != round ? last : await aborted(init.signal || input.signal, flight ||= begin(used, why == 'again', response))
    if (!good) return response
    if (init.body instanceof ReadableStream) throw new RepeatError(response)
    return send(spare)
  }

  return { fetch: call, login, logout, handleRedirect }
}

// aborted is p, unless the signal comes first.
const aborted = (signal, p) => signal ? new Promise((yes, no) => {
  const end = () => no(signal.reason)
  if (signal.aborted) end()
  signal.addEventListener('abort', end, { once: true })
  p.then(yes, no)
}) : p
