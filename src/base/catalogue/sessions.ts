export const sessionsErrors = {} as const
