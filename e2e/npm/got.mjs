// got with a hook that refreshes once: got.mjs BASE. Prints the statuses of two
// requests.
import got from 'got'

const [base] = process.argv.slice(2)
let tokens = await got.post(`${base}/login`, { json: { username: process.env.NAME, password: process.env.PASSWORD } }).json()
const api = got.extend({
  prefixUrl: base,
  throwHttpErrors: false,
  retry: { limit: 0 },
  hooks: {
    beforeRequest: [
      (options) => {
        options.headers.authorization ??= `Bearer ${tokens.access_token}`
      },
    ],
    afterResponse: [
      async (response, retryWithMergedOptions) => {
        if (response.statusCode !== 401) return response
        const renewed = await got
          .post(`${base}/token`, { form: { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }, throwHttpErrors: false })
          .json()
        if (!renewed.access_token) return response
        tokens = { ...tokens, ...renewed }
        return retryWithMergedOptions({ headers: { authorization: `Bearer ${tokens.access_token}` } })
      },
    ],
  },
})
const statuses = []
for (let i = 0; i < 2; i++) statuses.push((await api('api/orders')).statusCode)
console.log(JSON.stringify(statuses))
