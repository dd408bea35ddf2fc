package org.tastemaker.optim.rows;

import java.nio.file.Path;
import org.tastemaker.optim.ddpo.Ddpo;

/**
 * A worker process for tests. Prints where it is, and ends when its standard input does, so that it
 * does not outlive the test.
 */
final class RowServerProgram {
  static final String SECRET = "a secret of the tests";

  private RowServerProgram() {}

  /**
   * Arguments: a folder with a model or "", the judge's notes, its milliseconds, questions,
   * answers.
   */
  public static void main(String[] arguments) throws Exception {
    RowSetup setup =
        RowSetup.none()
            .withOracle(new NotedJudge(arguments[1], Long.parseLong(arguments[2])))
            .withLoss(Ddpo.Options.importanceSampling().loss())
            .withQuestions(Integer.parseInt(arguments[3]));
    if (!arguments[0].isEmpty()) {
      setup = setup.withModel(TinyRuns.recipe(Path.of(arguments[0])));
    }
    if (!arguments[4].isEmpty()) {
      setup = setup.withAnswers(arguments[4]);
    }
    try (RowWorker worker = RowWorker.open(setup, RowWorker.processName("test"));
        RowServer server = RowServer.start(worker, SECRET)) {
      System.out.println("worker at " + server.uri());
      while (System.in.read() >= 0) {
        // it is there until the test ends
      }
    }
  }
}
