export const loadErrors = {} as const
