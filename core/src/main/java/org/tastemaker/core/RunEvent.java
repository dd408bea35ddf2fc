package org.tastemaker.core;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Something that happened in a run, for those who watch it. */
public sealed interface RunEvent {

  /**
   * Work has progressed.
   *
   * @param activity what is being done, such as {@code "sampling"}
   * @param done units finished, at least 0
   * @param total units in all, at least {@code done}; 0 where it is not known
   */
  record Progress(String activity, long done, long total) implements RunEvent {
    public Progress {
      Objects.requireNonNull(activity, "activity == null");
      if (done < 0 || (total != 0 && total < done)) {
        throw new IllegalArgumentException(
            "progress of '" + activity + "' must be 0 to total, but was " + done + " of " + total);
      }
    }
  }

  /**
   * Numbers were measured. Unlike a loss that is optimized, a measurement may be NaN; it is
   * recorded as such.
   *
   * @param step which step of the run, at least 0
   * @param values by name
   */
  record Metrics(long step, Map<String, Double> values) implements RunEvent {
    public Metrics {
      requireStep(step);
      values = Collections.unmodifiableMap(new TreeMap<>(values));
    }
  }

  /**
   * Images were made that a person may want to see.
   *
   * @param step which step of the run, at least 0
   * @param name what they are, such as {@code "evaluation"}; letters, digits, {@code .}, {@code _}
   *     and {@code -}, since it becomes part of a file's name
   * @param images at least one
   * @param captions as many as images, or none
   */
  record Pictures(long step, String name, List<Image> images, List<String> captions)
      implements RunEvent {
    public Pictures {
      requireStep(step);
      if (!name.matches("[A-Za-z0-9._-]+")) {
        throw new IllegalArgumentException(
            "a name of pictures has letters, digits, '.', '_' and '-' only, but was '"
                + name
                + "'");
      }
      images = List.copyOf(images);
      captions = List.copyOf(captions);
      if (images.isEmpty() || (!captions.isEmpty() && captions.size() != images.size())) {
        throw new IllegalArgumentException(
            "pictures '"
                + name
                + "' need at least one image and as many captions or none, but had "
                + images.size()
                + " images and "
                + captions.size()
                + " captions");
      }
    }
  }

  /**
   * Many numbers of one kind were measured, of which a person wants to see how they are spread: the
   * rewards of a round.
   *
   * @param step which step of the run, at least 0
   * @param name what they are, such as {@code "rewards"}
   * @param values at least one; a missing one is left out by whoever tells this
   */
  record Distribution(long step, String name, List<Double> values) implements RunEvent {
    public Distribution {
      requireStep(step);
      Objects.requireNonNull(name, "name == null");
      values = List.copyOf(values);
      if (values.isEmpty()) {
        throw new IllegalArgumentException(
            "the distribution '" + name + "' needs at least one value, but has none");
      }
    }
  }

  /**
   * A checkpoint was written, complete.
   *
   * @param step which step of the run, at least 0
   * @param folder where it is
   */
  record CheckpointSaved(long step, Path folder) implements RunEvent {
    public CheckpointSaved {
      requireStep(step);
      Objects.requireNonNull(folder, "folder == null");
    }
  }

  /**
   * Something that a person should know: settings that have changed since the run was interrupted,
   * a number that is out of bounds, a library that is missing.
   *
   * @param step which step of the run, at least 0
   * @param message for a person to read, and what can be done about it
   */
  record Notice(long step, String message) implements RunEvent {
    public Notice {
      requireStep(step);
      if (message.isBlank()) {
        throw new IllegalArgumentException("a notice needs words, but has none");
      }
    }
  }

  private static void requireStep(long step) {
    if (step < 0) {
      throw new IllegalArgumentException("a step's number is at least 0, but was " + step);
    }
  }
}
