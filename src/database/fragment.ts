/** A piece of SQL with its parameters, made by the tag `fragment`; composes into statements and other fragments. */
export interface Fragment {
  readonly text: readonly string[]
  readonly values: readonly unknown[]
}
