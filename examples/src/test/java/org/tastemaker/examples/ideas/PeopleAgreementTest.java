package org.tastemaker.examples.ideas;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.feedback.mock.MockJudge;
import org.tastemaker.feedback.server.LoopbackServer;

/** The real half of the study of judges, asked of a server on this machine. */
class PeopleAgreementTest {
  private static final Path PAGES = Path.of("../docs");
  private static final Pattern CLASS = Pattern.compile("org\\.tastemaker\\.examples\\.[a-zA-Z.]+");

  @TempDir Path folder;
  private final StringWriter out = new StringWriter();

  private int run(String... args) {
    return PeopleAgreement.command()
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(out, true))
        .execute(args);
  }

  @Test
  void aFileOfVotesIsComparedWithAServersAnswersWhichAreAskedOnce() throws IOException {
    Path votes = LightVotes.in(folder);
    try (LoopbackServer server =
        LoopbackServer.builder(MockJudge.of((image, prompt) -> image.get(0, 0, 0))).start()) {
      for (int time = 0; time < 2; time++) {
        assertThat(
                run(
                    "--run",
                    folder.resolve("run").toString(),
                    "--votes",
                    votes.toString(),
                    "--url",
                    server.baseUrl().toString()))
            .as(out.toString())
            .isZero();
      }
      assertThat(server.answers()).isEqualTo(4);
    }
    assertThat(out.toString()).contains("right, decided pairs", "1.000");
  }

  @Test
  void anEstimateAsksNothing() throws IOException {
    int code =
        run(
            "--run",
            folder.resolve("run").toString(),
            "--votes",
            LightVotes.in(folder).toString(),
            "--url",
            "http://localhost:1/v1",
            "--estimate");

    assertThat(code).as(out.toString()).isZero();
    assertThat(out.toString()).contains("4 requests").contains("USD");
  }

  @Test
  void theCostsAreThoseOnThePage() throws IOException {
    assertThat(run("--costs")).isZero();

    assertThat(Files.readString(PAGES.resolve("agreement-with-people.md")))
        .contains(out.toString().replace("\r\n", "\n"));
  }

  @Test
  void theClassesThatThePagesNameAreThere() throws IOException {
    for (String page : List.of("agreement-with-people.md", "judge-quality.md")) {
      List<String> named =
          CLASS
              .matcher(Files.readString(PAGES.resolve(page)))
              .results()
              .map(r -> r.group())
              .toList();
      assertThat(named)
          .isNotEmpty()
          .allSatisfy(
              name ->
                  assertThat(Path.of("src/main/java", name.replace('.', '/') + ".java"))
                      .isRegularFile());
    }
  }
}
