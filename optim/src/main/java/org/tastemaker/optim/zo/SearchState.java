package org.tastemaker.optim.zo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.StepReport;
import org.tastemaker.core.run.Settings;
import org.tastemaker.diffusion.weights.DType;
import org.tastemaker.diffusion.weights.SafetensorsException;
import org.tastemaker.diffusion.weights.SafetensorsFile;
import org.tastemaker.diffusion.weights.SafetensorsWriter;

/** The state that {@link ZoRankSgd} keeps between questions, and its file. */
final class SearchState {
  /** What helps a search whose numbers have grown too large. */
  private static final Set<String> MAY_CHANGE = Set.of("radius", "stepSize");

  private static final String FILE = "zo-rank-sgd.safetensors";
  private static final String POINT = "point";
  private static final String DIRECTION_SUM = "direction_sum";

  float[] point; // x, [d]
  float[] directionSum; // of the directions found at x, [d]
  int directions;

  /** The best probe of the open round, or -1 if its probes have not been ranked yet. */
  int bestProbe = -1;

  long round;
  long evaluations;
  long moves;
  long unanswered;
  long undecided;

  private SearchState(float[] point, float[] directionSum) {
    this.point = point;
    this.directionSum = directionSum;
  }

  static SearchState at(float[] start) {
    return new SearchState(start.clone(), new float[start.length]);
  }

  /** Whether this round's probes have been ranked. */
  boolean probed() {
    return bestProbe >= 0;
  }

  /** Moves, and discards the directions found at the old point. */
  void moveTo(float[] winner) {
    point = winner;
    directionSum = new float[winner.length];
    directions = 0;
    moves++;
  }

  /** Ends the round. */
  StepReport close(double stepLength, int averaged, @Nullable String stayed) {
    round++;
    bestProbe = -1;
    return new StepReport(
        round,
        Map.of(
            "moved", stayed == null ? 1.0 : 0.0,
            "stepLength", stepLength,
            "averagedDirections", (double) averaged,
            "evaluations", (double) evaluations,
            "moves", (double) moves,
            "unanswered", (double) unanswered,
            "undecided", (double) undecided),
        stayed);
  }

  void write(Path folder, Settings settings) {
    SafetensorsWriter writer =
        new SafetensorsWriter()
            .add(POINT, point, DType.F32, point.length)
            .add(DIRECTION_SUM, directionSum, DType.F32, directionSum.length);
    settings.values().forEach(writer::metadata);
    writer
        .metadata("directions", Integer.toString(directions))
        .metadata("bestProbe", Integer.toString(bestProbe))
        .metadata("round", Long.toString(round))
        .metadata("evaluations", Long.toString(evaluations))
        .metadata("moves", Long.toString(moves))
        .metadata("unanswered", Long.toString(unanswered))
        .metadata("undecided", Long.toString(undecided))
        .write(folder.resolve(FILE));
  }

  /**
   * A state that was read.
   *
   * @param state of the search
   * @param changes what has another value now and may have it
   */
  record Read(SearchState state, List<String> changes) {}

  /** Reads a state that was written with the same settings and dimension. */
  static Read read(Path folder, Settings settings, int probes, int dimension) {
    Path path = folder.resolve(FILE);
    if (!Files.isRegularFile(path)) {
      throw new IllegalArgumentException(
          "there is no search to resume in " + folder + ": it has no " + FILE);
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      Map<String, String> metadata = file.metadata();
      List<String> changes = requireSettings(path, metadata, settings);
      SearchState state =
          new SearchState(vector(file, POINT, dimension), vector(file, DIRECTION_SUM, dimension));
      state.directions = Math.toIntExact(number(path, metadata, "directions", 0));
      state.bestProbe = Math.toIntExact(number(path, metadata, "bestProbe", -1));
      state.round = number(path, metadata, "round", 0);
      state.evaluations = number(path, metadata, "evaluations", 0);
      state.moves = number(path, metadata, "moves", 0);
      state.unanswered = number(path, metadata, "unanswered", 0);
      state.undecided = number(path, metadata, "undecided", 0);
      if (state.bestProbe >= probes || (state.probed() && state.directions == 0)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s is damaged: best probe %s of %s, %s directions",
                path,
                state.bestProbe,
                probes,
                state.directions));
      }
      return new Read(state, changes);
    } catch (SafetensorsException | ArithmeticException e) {
      throw new IllegalArgumentException(path + " is damaged: " + e.getMessage(), e);
    }
  }

  private static List<String> requireSettings(
      Path path, Map<String, String> metadata, Settings settings) {
    Map<String, String> found = new TreeMap<>(metadata);
    found.keySet().retainAll(settings.values().keySet());
    return settings.requireSameAs(
        new Settings(found),
        "there",
        path + " is of another search",
        "begin a new search",
        MAY_CHANGE);
  }

  private static float[] vector(SafetensorsFile file, String name, int dimension) {
    if (!file.names().contains(name)) {
      throw new IllegalArgumentException(file.path() + " is damaged: it holds no " + name);
    }
    float[] vector = file.floats(name);
    if (vector.length != dimension) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s is of another search: its %s has %s elements, but this search has %s",
              file.path(),
              name,
              vector.length,
              dimension));
    }
    for (int i = 0; i < vector.length; i++) {
      if (!Float.isFinite(vector[i])) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s is damaged: element %s of %s is %s",
                file.path(),
                i,
                name,
                vector[i]));
      }
    }
    return vector;
  }

  private static long number(Path path, Map<String, String> metadata, String key, long least) {
    String text = metadata.getOrDefault(key, "not there");
    try {
      long number = Long.parseLong(text);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Reported below, like a number out of range.
    }
    throw new IllegalArgumentException(
        String.format(Locale.ROOT, "%s is damaged: %s is %s", path, key, text));
  }
}
