// A client for "gate401 mock judge": axios with axios-auth-refresh, told by its
// environment where to go. Ends with 1 where it was refused.
import axios from 'axios'
import createAuthRefresh from 'axios-auth-refresh'

const { MOCK_URL, MOCK_TOKEN_URL, MOCK_ACCESS_TOKEN, MOCK_REFRESH_TOKEN } = process.env
const refreshInterceptor = createAuthRefresh.default ?? createAuthRefresh

let tokens = { access_token: MOCK_ACCESS_TOKEN, refresh_token: MOCK_REFRESH_TOKEN }
const api = axios.create()
api.interceptors.request.use((request) => {
  request.headers.Authorization = `Bearer ${tokens.access_token}`
  return request
})
refreshInterceptor(api, async () => {
  const answer = await axios.post(MOCK_TOKEN_URL, new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }))
  tokens = { ...tokens, ...answer.data }
})
try {
  const answer = await api.get(MOCK_URL)
  console.log(answer.status)
} catch (refused) {
  console.log(refused.response?.status ?? refused.code)
  process.exitCode = 1
}
