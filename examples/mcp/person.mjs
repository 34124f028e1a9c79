// A person at a browser, for tests: goes opens a page of the gate, logs in, says
// yes to whatever is asked, and returns the address that the browser is sent to
// elsewhere, or the text of the last page.
import http from 'node:http'

// Only what HTML needs to write an address or a value.
const plain = (text) => text.replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
const attribute = (tag, name) => {
  const found = new RegExp(`\\b${name}="([^"]*)"`).exec(tag)
  return found ? plain(found[1]) : ''
}

export class Person {
  #cookies = new Map()

  constructor(name, password) {
    this.name = name
    this.password = password
  }

  async goes(address) {
    let at = new URL(address)
    let { away, page } = await this.#open(at)
    for (let n = 0; n < 6; n++) {
      const form = /<form[^>]*method="post"[^>]*>.*?<\/form>/s.exec(page)?.[0]
      if (away || !form) return away ?? page
      const values = new URLSearchParams()
      for (const [tag] of form.matchAll(/<(?:input|button)[^>]*>/g)) {
        const name = attribute(tag, 'name')
        if (name === 'username') values.set(name, this.name)
        else if (name === 'password') values.set(name, this.password)
        // The first button is the one that says yes.
        else if (name && !(tag.startsWith('<button') && values.has(name))) values.append(name, attribute(tag, 'value'))
      }
      ;({ at, away, page } = await this.#open(new URL(attribute(form, 'action') || at, at), values))
    }
    throw new Error(`there are forms without end:\n${page}`)
  }

  // fetch would say that a script asks.
  #send(url, method, headers, body) {
    return new Promise((done, failed) => {
      const request = http.request(url, { method, headers }, async (answer) => {
        const chunks = await answer.toArray().catch(failed)
        done({ headers: answer.headers, page: Buffer.concat(chunks ?? []).toString() })
      })
      request.on('error', failed).end(body)
    })
  }

  async #open(url, body) {
    const { origin } = url
    for (;;) {
      const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
      if (body) Object.assign(headers, { origin, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' })
      if (this.#cookies.size) headers.cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const answer = await this.#send(url, body ? 'POST' : 'GET', headers, body?.toString())
      for (const line of answer.headers['set-cookie'] ?? []) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
        if (/max-age=0/i.test(line)) this.#cookies.delete(name)
        else this.#cookies.set(name, value)
      }
      const to = answer.headers.location
      if (!to) return { at: url, page: answer.page }
      const next = new URL(to, url)
      if (next.origin !== origin) return { away: next, page: answer.page }
      url = next
      body = undefined // 303: opened, not posted again
    }
  }
}
