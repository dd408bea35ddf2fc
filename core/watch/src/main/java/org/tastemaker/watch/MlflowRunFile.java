package org.tastemaker.watch;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.core.run.AtomicFiles;

/**
 * Which run of MLflow is a folder's: its file {@code mlflow.json}.
 *
 * @param server its address
 * @param experiment its name
 * @param run the id that the server gave
 */
record MlflowRunFile(String server, String experiment, String run) {
  static final String NAME = "mlflow.json";

  /**
   * Reads it.
   *
   * @return empty where the folder has none yet
   * @throws IllegalArgumentException if the run is at another server or in another experiment
   */
  static Optional<MlflowRunFile> read(Path folder, String server, String experiment) {
    Path file = folder.resolve(NAME);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    JsonObject json = Json.readObject(file);
    MlflowRunFile there =
        new MlflowRunFile(json.text("server"), json.text("experiment"), json.text("runId"));
    if (!there.server.equals(server) || !there.experiment.equals(experiment)) {
      throw new IllegalArgumentException(
          "the run of "
              + folder
              + " is in the experiment '"
              + there.experiment
              + "' at "
              + there.server
              + ", and is to be resumed in '"
              + experiment
              + "' at "
              + server
              + ": name the same ones, or delete "
              + file
              + " to begin another run there");
    }
    return Optional.of(there);
  }

  void write(Path folder) {
    AtomicFiles.write(
        folder.resolve(NAME),
        Json.writePretty(
                new TreeMap<>(Map.of("server", server, "experiment", experiment, "runId", run)))
            + "\n");
  }
}
