package org.tastemaker.watch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import mockwebserver3.MockResponse;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.RunEvent;

class MlflowListenerTest {
  private static final Instant NOW = Instant.parse("2026-11-26T10:00:00.5Z");
  private static final String TOKEN = "dapi0123456789";

  @TempDir Path temporary;
  private Path folder;
  private FakeMlflow mlflow;
  private final List<Duration> pauses = new CopyOnWriteArrayList<>();
  private final List<String> warnings = new CopyOnWriteArrayList<>();

  @BeforeEach
  void start() throws IOException {
    mlflow = new FakeMlflow();
    folder = temporary.resolve("first");
  }

  @AfterEach
  void stop() {
    mlflow.close();
  }

  private MlflowListener open() {
    return open(MlflowServer.at(mlflow.address()), (time, unless) -> pauses.add(time));
  }

  private MlflowListener open(MlflowServer server, MlflowSender.Pause pause) {
    return MlflowListener.in(
        folder, server, "emoji", Clock.fixed(NOW, ZoneOffset.UTC), pause, warnings::add);
  }

  private static RunEvent.Metrics metrics(long round) {
    return new RunEvent.Metrics(round, Map.of("kl", round * 0.5, "reward", round / 8.0));
  }

  private static MockResponse down() {
    return new MockResponse.Builder().onResponseStart(new SocketEffect.CloseSocket()).build();
  }

  @Test
  void aRunIsMadeInItsExperimentAndGetsItsNumbers() {
    try (MlflowListener listener = open()) {
      listener.on(metrics(1));
      listener.on(new RunEvent.Progress("aligning", 1, 1));
    }

    assertThat(mlflow.experiments).isEqualTo(Map.of("7", "emoji"));
    FakeMlflow.Run run = mlflow.onlyRun();
    assertThat(List.of(run.experiment, run.name)).isEqualTo(List.of("7", "first"));
    assertThat(run.metrics)
        .containsExactly("1 kl 0.5 1795687200500", "1 reward 0.125 1795687200500");
    assertThat(run.status).isEqualTo("FINISHED");
    assertThat(run.end).isEqualTo(1795687200500L);
    assertThat(warnings).isEmpty();
    assertThat(pauses).isEmpty();
  }

  @Test
  void anExperimentThatIsThereIsUsed() {
    mlflow.experiments.put("3", "emoji");
    open().close();

    assertThat(mlflow.onlyRun().experiment).isEqualTo("3");
    assertThat(mlflow.methods).doesNotContain("experiments/create");
  }

  @Test
  void aRunThatEndsBeforeItsLastRoundHasFailed() {
    try (MlflowListener listener = open()) {
      listener.on(new RunEvent.Progress("aligning", 1, 2));
    }

    assertThat(mlflow.onlyRun().status).isEqualTo("FAILED");
  }

  @Test
  void aRunThatEndsEarlyOnPurposeHasFinished() {
    try (MlflowListener listener = open()) {
      listener.on(new RunEvent.Progress("aligning", 1, 2));
      listener.finished();
    }

    assertThat(mlflow.onlyRun().status).isEqualTo("FINISHED");
  }

  @Test
  void aResumedRunContinuesTheSameRun() {
    try (MlflowListener listener = open()) {
      listener.on(metrics(1));
    }
    try (MlflowListener listener = open()) {
      listener.on(metrics(2));
      listener.finished();
    }

    assertThat(mlflow.onlyRun().metrics).hasSize(4);
    assertThat(mlflow.onlyRun().status).isEqualTo("FINISHED");
    assertThat(folder.resolve("mlflow.json")).content().contains("\"runId\": \"run1\"");
  }

  @Test
  void aRunThatSomebodyHasRemovedIsBegunAgain() {
    open().close();
    mlflow.runs.clear();
    mlflow.runs.put("another", new FakeMlflow.Run("7", "another"));
    try (MlflowListener listener = open()) {
      listener.on(metrics(2));
    }

    assertThat(Objects.requireNonNull(mlflow.runs.get("run2")).metrics).hasSize(2);
  }

  @Test
  void anotherExperimentThanTheFoldersIsAnErrorThatNamesBoth() {
    open().close();

    assertThatThrownBy(
            () ->
                MlflowListener.in(
                    folder, MlflowServer.at(mlflow.address()), "faces", Clock.systemUTC()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'emoji'")
        .hasMessageContaining("'faces'")
        .hasMessageContaining("mlflow.json");
  }

  @Test
  void settingsAreParametersOfWhichOneThatChangesBecomesATag() {
    try (MlflowListener listener = open()) {
      listener.settings(Map.of("learningRate", 1e-3, "method", "nft"));
    }
    try (MlflowListener listener = open()) {
      listener.settings(Map.of("learningRate", 5e-4, "method", "nft"));
    }

    assertThat(mlflow.onlyRun().params).isEqualTo(Map.of("learningRate", "0.001", "method", "nft"));
    assertThat(mlflow.onlyRun().tags).isEqualTo(Map.of("resumed.learningRate", "5.0E-4"));
  }

  @Test
  void moreNumbersAndSettingsThanARequestHoldsAreSentInSeveral() {
    Map<String, Double> many = new HashMap<>();
    Map<String, String> settings = new HashMap<>();
    for (int i = 0; i < 2500; i++) {
      many.put("metric" + i, 1.0);
    }
    for (int i = 0; i < 150; i++) {
      settings.put("setting" + i, "\u00fc".repeat(4000));
    }
    MlflowListener listener = open();
    listener.on(new RunEvent.Metrics(1, many));
    listener.settings(settings);
    listener.close();

    assertThat(mlflow.onlyRun().metrics).hasSize(2500);
    assertThat(mlflow.onlyRun().params).hasSize(150);
    assertThat(mlflow.onlyRun().params.get("setting7")).isEqualTo("\u00fc".repeat(3000));
    assertThat(mlflow.onlyRun().batches).isEqualTo(5);
  }

  @Test
  void namesAreThoseThatMlflowAllows() {
    assertThat(
            List.of(
                MlflowTexts.name("part.a b-c/d_1"),
                MlflowTexts.name("say \"hi\": \u20ac"),
                MlflowTexts.name("/a//../b/"),
                MlflowTexts.name(""),
                MlflowTexts.name("x".repeat(300))))
        .isEqualTo(List.of("part.a b-c/d_1", "say _hi__ _", "_/a/_/__/b/_", "_", "x".repeat(250)));
  }

  @Test
  void whatIsNotFiniteIsATagSinceMlflowsPagesFailAtIt() {
    try (MlflowListener listener = open()) {
      listener.on(new RunEvent.Metrics(7, Map.of("kl", Double.NaN, "reward", 1.0)));
    }

    assertThat(mlflow.onlyRun().metrics).containsExactly("7 reward 1.0 1795687200500");
    assertThat(mlflow.onlyRun().tags).isEqualTo(Map.of("notFinite.kl", "NaN in round 7"));
  }

  @Test
  void noticesAreTags() {
    try (MlflowListener listener = open()) {
      listener.on(new RunEvent.Notice(3, "the judge is silent"));
      listener.on(new RunEvent.Notice(3, "images darken"));
    }

    assertThat(mlflow.onlyRun().tags)
        .isEqualTo(
            Map.of("notice.round3", "the judge is silent", "notice.round3.2", "images darken"));
  }

  @Test
  void aServerThatIsDownForAWhileGetsEverythingLater() throws InterruptedException {
    for (int i = 0; i < 4; i++) {
      mlflow.failsWith(down());
    }
    mlflow.failsWith(FakeMlflow.status(503, "", "starting"));
    try (MlflowListener listener = open()) {
      listener.on(metrics(1));
      await(() -> pauses.size() >= 5);
      listener.on(metrics(2));
    }

    assertThat(mlflow.onlyRun().metrics).hasSize(4);
    assertThat(pauses).extracting(Duration::toSeconds).containsExactly(1L, 2L, 4L, 8L, 16L);
    assertThat(warnings).hasSize(1);
  }

  /** Waits for what the listener's thread does. */
  private void await(BooleanSupplier done) throws InterruptedException {
    for (int i = 0; !done.getAsBoolean(); i++) {
      assertThat(i).as("%s, %s", pauses, warnings).isLessThan(2000);
      Thread.sleep(5);
    }
  }

  @Test
  void pausesGrowToAMinuteAndNoFurtherButForAServerThatAsksForMore() throws InterruptedException {
    for (int i = 0; i < 8; i++) {
      mlflow.failsWith(down());
    }
    mlflow.failsWith(
        new MockResponse.Builder().code(429).addHeader("Retry-After", "120").body("{}").build());
    MlflowListener listener = open();
    listener.on(metrics(1));
    await(() -> pauses.size() >= 9);
    listener.close();

    assertThat(pauses)
        .extracting(Duration::toSeconds)
        .containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 60L, 60L, 120L);
    assertThat(listener.lost()).isZero();
  }

  @Test
  void aServerThatIsDownToTheEndCostsThreeAttemptsAndWhatIsLostIsSaid()
      throws InterruptedException {
    mlflow.always(down());
    MlflowListener listener =
        open(
            MlflowServer.at(mlflow.address()),
            (time, unless) -> {
              pauses.add(time);
              if (pauses.size() == 1) {
                unless.await(); // the run ends meanwhile
              }
            });
    listener.on(metrics(1));
    listener.on(metrics(2));
    await(() -> pauses.size() >= 1);
    listener.close();

    assertThat(pauses).hasSize(3);
    assertThat(listener.lost()).as("four numbers, and the end").isEqualTo(5);
    assertThat(warnings).hasSize(2);
    assertThat(warnings.get(1)).contains("has not got 5", "experiments/get-by-name");
    assertThat(folder.resolve("mlflow.json")).doesNotExist();
  }

  @Test
  void aServerThatIsSlowKeepsNoRoundWaitingAndTheQueueIsBounded() {
    mlflow.hold();
    MlflowListener listener = open();
    for (int round = 1; round <= 3000; round++) {
      listener.on(metrics(round));
    }
    int lost = listener.lost();
    mlflow.close();
    listener.close();

    assertThat(lost)
        .as("at most the queue, and as much in the thread's hand, waits")
        .isBetween(2000, 4000);
    assertThat(listener.lost()).isEqualTo(6001);
  }

  @Test
  void aRequestThatIsRejectedIsLostAndTheNextOnesAreNot() throws InterruptedException {
    MlflowListener listener = open();
    listener.settings(Map.of("a", 1));
    await(() -> !(mlflow.runs.isEmpty() || mlflow.onlyRun().params.isEmpty()));
    mlflow.failsWith(FakeMlflow.status(400, "BAD_REQUEST", "no"));
    listener.on(metrics(1));
    await(() -> !(mlflow.methods.size() < 5));
    listener.on(metrics(2));
    listener.close();

    assertThat(mlflow.onlyRun().metrics).hasSize(2);
    assertThat(listener.lost()).isEqualTo(2);
    assertThat(pauses).isEmpty();
  }

  @Test
  void anErrorOfTheServerIsTriedEightTimes() throws InterruptedException {
    mlflow.always(FakeMlflow.status(500, "INTERNAL_ERROR", "a bug"));
    MlflowListener listener = open();
    listener.on(metrics(1));
    await(() -> pauses.size() >= 7);
    await(() -> !(listener.lost() == 0));
    assertThat(pauses).hasSize(7);
    mlflow.always(null);
    listener.on(metrics(2));
    listener.close();

    assertThat(mlflow.onlyRun().metrics).hasSize(2);
    assertThat(warnings).hasSize(2);
  }

  @Test
  void aPageInsteadOfAnAnswerIsAFailureWithAHint() {
    mlflow.always(new MockResponse.Builder().body("<html>log in</html>").build());
    MlflowListener listener = open();
    listener.on(metrics(1));
    listener.close();

    assertThat(warnings.get(0)).contains("is the address that of MLflow itself?");
    assertThat(listener.lost()).isEqualTo(3);
  }

  @Test
  void aRedirectIsNotFollowed() {
    mlflow.always(
        new MockResponse.Builder().code(302).addHeader("Location", "https://login.test/").build());
    MlflowListener listener = open();
    listener.close();

    assertThat(warnings.get(0)).contains("status 302", "check the address");
  }

  @Test
  void aTokenIsSentAndIsInNoMessage() {
    MlflowServer server = MlflowServer.at(mlflow.address()).withToken(TOKEN);
    mlflow.always(FakeMlflow.status(403, "PERMISSION_DENIED", "Bearer " + TOKEN + " is unknown"));
    MlflowListener listener = open(server, (time, unless) -> pauses.add(time));
    listener.on(metrics(1));
    listener.close();

    assertThat(mlflow.authorizations).isNotEmpty().containsOnly("Bearer " + TOKEN);
    assertThat(warnings).hasSize(2).noneMatch(text -> text.contains(TOKEN));
    assertThat(warnings.get(0)).contains("status 403", "withToken");
    assertThat(server.toString()).doesNotContain(TOKEN);
  }

  @Test
  void aNameAndAPasswordAreSentAsHttpHasIt() {
    MlflowServer server = MlflowServer.at(mlflow.address()).withPassword("Aladdin", "open sesame");
    open(server, (time, unless) -> pauses.add(time)).close();

    // The example of RFC 7617, 2.
    assertThat(mlflow.authorizations).containsOnly("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assertThat(server.redact("QWxhZGRpbjpvcGVuIHNlc2FtZQ== open sesame"))
        .isEqualTo("[hidden] [hidden]");
  }

  @Test
  void aServerBehindAPathIsAskedThere() {
    assertThat(MlflowServer.at("https://host.test/ml/").request("runs/create").build().url())
        .hasToString("https://host.test/ml/api/2.0/mlflow/runs/create");
  }

  @Test
  void whatCannotBeAnAddressOrATokenIsAnErrorThatDoesNotShowSecrets() {
    assertThatThrownBy(() -> MlflowServer.at("localhost:5000"))
        .hasMessageContaining("http://")
        .hasMessageContaining("localhost:5000");
    assertThatThrownBy(() -> MlflowServer.at("http://ann:sesame@localhost"))
        .hasMessageContaining("withPassword")
        .message()
        .doesNotContain("sesame");
    assertThatThrownBy(() -> MlflowServer.at("http://localhost").withToken("secret\n"))
        .message()
        .doesNotContain("secret");
  }

  @Test
  void eventsAfterTheEndAreLost() throws IOException {
    MlflowListener listener = open();
    listener.close();
    listener.on(metrics(1));
    listener.close();

    assertThat(listener.lost()).isEqualTo(2);
    assertThat(Files.readString(folder.resolve("mlflow.json"))).contains("emoji");
  }
}
