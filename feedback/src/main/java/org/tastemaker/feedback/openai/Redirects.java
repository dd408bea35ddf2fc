package org.tastemaker.feedback.openai;

/**
 * Which redirects of a server are followed. A redirect could take prompts and images to somebody
 * else, so none is by default; one to another scheme, host or port never is.
 */
public enum Redirects {
  /** None: a redirect ends the call, and the failure says where it leads. */
  NONE,
  /**
   * Those to the same scheme, host and port. A question stays a POST: only the statuses 307 and 308
   * are followed.
   */
  SAME_ORIGIN
}
