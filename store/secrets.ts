/** Secrets of the deployment that all instances share, such as the keys of the embedded authorization server. */

export interface SecretStore {
  find(name: string): Promise<string | undefined>;
  /**
   * Keeps a value under a name that has none, and returns what stands there afterwards.
   *
   * Of several instances that keep at once the first wins, and all get its value.
   */
  keep(name: string, value: string): Promise<string>;
}
