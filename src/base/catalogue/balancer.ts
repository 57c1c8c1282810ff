export const balancerErrors = {
  BALANCER_ENGINE_MISSING: {
    message: (at: { looked: readonly string[] }): string =>
      `HAProxy is not installed (looked for ${at.looked.join(', ')}).`,
    fix: 'Install it (`apt-get install haproxy` on Debian and Ubuntu), or set `balancer: { driver: "embedded" }` to do without while developing.',
    permanent: true,
  },
} as const
