package org.tastemaker.optim.run;

import java.nio.file.Path;

/**
 * State beside the optimizer that a resumed run must restore, such as a reward that is learned
 * meanwhile. What was paid to a judge is not of this kind: it stays paid.
 */
public interface Resumable {
  /**
   * Writes all that is needed to resume.
   *
   * @param folder an existing, empty folder
   */
  void save(Path folder);

  /**
   * Restores what {@link #save} wrote.
   *
   * @param folder what {@code save} was given
   */
  void restore(Path folder);
}
