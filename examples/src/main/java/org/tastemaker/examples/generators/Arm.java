package org.tastemaker.examples.generators;

/**
 * What is compared: a source, with the prompts as they are or rewritten.
 *
 * @param source its name
 * @param rewritten whether it is given rewritten prompts
 */
public record Arm(String source, boolean rewritten) {
  /**
   * What it is called in tables and folders.
   *
   * @return such as {@code api, rewritten}
   */
  public String name() {
    return rewritten ? source + ", rewritten" : source;
  }

  @Override
  public String toString() {
    return name();
  }
}
