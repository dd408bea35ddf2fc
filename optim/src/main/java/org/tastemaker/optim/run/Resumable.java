package org.tastemaker.optim.run;

import java.nio.file.Path;

/**
 * Something beside the optimizer that must be as it was when a run goes on, such as a reward that
 * is learned meanwhile. What was paid to a judge is not of this kind: it stays paid.
 */
public interface Resumable {
  /**
   * Writes all that is needed to go on later.
   *
   * @param folder an existing, empty folder
   */
  void save(Path folder);

  /**
   * Goes back to what {@link #save} wrote.
   *
   * @param folder what {@code save} was given
   */
  void restore(Path folder);
}
