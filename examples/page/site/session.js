const api = gate401.client()
const state = document.getElementById('state')

document.getElementById('load').onclick = async () => {
  state.textContent = 'Loading ...'
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => api.fetch('/session/orders/' + i)))
  const good = answers.filter(r => r.ok)
  const first = good.length ? (await good[0].json()).of : 'nobody'
  state.textContent = `${good.length} orders of ${first}`
}
document.getElementById('logout').onclick = async () => {
  const answer = await api.logout()
  state.textContent = answer.ok ? 'Logged out.' : 'The logout did not succeed.'
}
document.body.dataset.ready = true
