package org.tastemaker.feedback.openai;

import java.nio.file.Path;
import java.time.Duration;
import org.tastemaker.core.Seed;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.protocol.Protocol;

/** An annotation by batch in a process of its own. */
final class BatchProgram {
  private BatchProgram() {}

  /** Arguments: the server's address, a folder, how many groups. */
  public static void main(String[] args) {
    Path folder = Path.of(args[1]);
    try (ChatGptOracle oracle =
        ChatGptOracle.builder()
            .baseUrl(args[0])
            .withoutApiKey()
            .model("mock")
            .judging(o -> o.withImages(ImageForm.DEFAULT.withSide(0)))
            .protocol(Protocol.listwise(2))
            .seed(Seed.of(23))
            .cache(folder.resolve("answers"))
            .prices(BatchWorld.PRICES)
            .ledgerFile(folder.resolve("ledger.jsonl"))
            .build()) {
      BatchReport report =
          BatchAnnotation.builder(folder.resolve("d.jsonl"), oracle, Greys.RUBRIC)
              .options(
                  BatchOptions.DEFAULTS
                      .withLiveFirst(0)
                      .withMostRequests(10)
                      .withFirstPoll(Duration.ofMillis(5))
                      .withLongestPoll(Duration.ofMillis(20)))
              .build()
              .run(BatchWorld.groups(Integer.parseInt(args[2])));
      System.out.println("open " + report.open());
    }
  }
}
