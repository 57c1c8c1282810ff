export const databaseErrors = {} as const
