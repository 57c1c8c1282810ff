export const supervisorErrors = {} as const
