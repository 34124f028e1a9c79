// A web client as many are: axios with axios-auth-refresh. axios.mjs BASE PARALLEL
// logs in at BASE/login, then asks BASE/api/orders that many times at once, and
// prints the statuses. Where EXPIRE is the address of a command of the mock, all
// tokens expire before that; WAVES does it all so often.
import axios from 'axios'
import createAuthRefresh from 'axios-auth-refresh'

const [base, parallel = '1'] = process.argv.slice(2)
const refreshInterceptor = createAuthRefresh.default ?? createAuthRefresh

const login = await axios.post(`${base}/login`, { username: process.env.NAME, password: process.env.PASSWORD })
let tokens = login.data
const api = axios.create({ baseURL: base })
api.interceptors.request.use((request) => {
  request.headers.Authorization = `Bearer ${tokens.access_token}`
  return request
})
refreshInterceptor(api, async (failed) => {
  const answer = await axios.post(`${base}/token`, new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }))
  tokens = { ...tokens, ...answer.data }
  failed.response.config.headers.Authorization = `Bearer ${tokens.access_token}`
})

for (let wave = 0; wave < Number(process.env.WAVES ?? '1'); wave++) {
  if (process.env.EXPIRE) await axios.post(process.env.EXPIRE, { do: 'expire-access-tokens' })
  const settled = await Promise.allSettled(Array.from({ length: Number(parallel) }, () => api.get('/api/orders')))
  console.log(JSON.stringify(settled.map((s) => (s.status === 'fulfilled' ? s.value.status : (s.reason.response?.status ?? s.reason.code)))))
}
