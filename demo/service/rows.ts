/** A row of the catalogue as the database answers it. */
export interface Row {
  readonly id: number
  readonly version: number
  readonly name: string
  readonly priceCents: number
}
