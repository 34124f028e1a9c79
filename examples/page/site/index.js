import { client } from '/auth/client.mjs'

const api = client({ clientId: 'page', scope: 'orders:read', redirectUri: location.origin + '/' })
const state = document.getElementById('state')

// After a login this page is opened with its result in the address.
try {
  if (await api.handleRedirect()) await load()
} catch (err) {
  state.textContent = 'The login did not succeed: ' + err.message
}

document.getElementById('load').onclick = load
document.getElementById('logout').onclick = async () => {
  await api.logout()
  state.textContent = 'Logged out here.'
}
document.body.dataset.ready = true

async function load() {
  state.textContent = 'Loading ...'
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => api.fetch('/api/orders/' + i)))
  const good = answers.filter(r => r.ok)
  const first = good.length ? (await good[0].json()).of : 'nobody'
  state.textContent = `${good.length} orders of ${first}`
}
