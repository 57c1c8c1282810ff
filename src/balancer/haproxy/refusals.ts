// What a visitor gets when HAProxy itself must answer: the same small JSON as the web tier's refusals, never cached.
//
// A request that breaks off or is no HTTP is answered below the level at which these are known, with 400 or 408 and a
// page of HAProxy's own.

interface Refused {
  readonly code: string
  readonly message: string
  readonly retryAfterSeconds?: number
}

const REFUSALS: Readonly<Record<number, Refused>> = {
  400: {
    code: 'WEB_REQUEST_MALFORMED',
    message: 'The request is not valid HTTP, or its headers are too large.',
  },
  408: { code: 'WEB_REQUEST_TIMEOUT', message: 'The request did not arrive completely in the time allowed.' },
  500: { code: 'BALANCER_FAILED', message: 'The service failed to pass this request on.' },
  // It may have taken effect: no word of trying again.
  502: {
    code: 'BALANCER_ANSWER_BROKEN',
    message: 'The service broke off before it answered. Look before you repeat a change.',
  },
  503: {
    code: 'BALANCER_NO_SERVER',
    message: 'The service is not available for a moment. Try again shortly.',
    retryAfterSeconds: 1,
  },
  504: {
    code: 'BALANCER_ANSWER_TIMEOUT',
    message: 'The service did not answer in time. Look before you repeat a change.',
  },
}

/** Lines of a `defaults` section. */
export function refusalLines(): string[] {
  return Object.entries(REFUSALS).map(([status, refused]) => `http-error status ${status} ${answer(refused)}`)
}

/** The action that answers 429. */
export function tooManyRequests(windowMs: number): string {
  return `return status 429 ${answer({
    code: 'BALANCER_RATE_LIMITED',
    message: `This address made too many requests. Try again after ${Math.ceil(windowMs / 1_000)} seconds.`,
    retryAfterSeconds: Math.ceil(windowMs / 1_000),
  })}`
}

function answer({ code, message, retryAfterSeconds }: Refused): string {
  const body = `{"error":{"code":"${code}","message":"${message}","requestId":"%ID"}}`
  const after = retryAfterSeconds === undefined ? '' : ` hdr retry-after ${retryAfterSeconds}`
  return `content-type 'application/json; charset=utf-8' lf-string '${body}' hdr cache-control no-store hdr x-request-id %ID${after}`
}
