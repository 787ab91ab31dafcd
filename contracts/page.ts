/** One page: items and where the next one begins. */
export interface Page<T> {
  items: T[];
  cursor: string | null;
}

export interface PageRequest {
  cursor: string | null;
  limit: number;
}
