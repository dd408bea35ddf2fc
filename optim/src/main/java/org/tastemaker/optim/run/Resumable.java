package org.tastemaker.optim.run;

import java.nio.file.Path;

/**
 * State, besides the optimizer's, that a resumed run must restore, such as a reward that is learned
 * during the run. Money paid to a judge is not such state: it stays spent.
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
   * @param folder the folder that {@code save} wrote to
   */
  void restore(Path folder);
}
