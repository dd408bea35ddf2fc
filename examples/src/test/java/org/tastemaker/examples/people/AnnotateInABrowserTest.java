package org.tastemaker.examples.people;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tastemaker.core.Image;
import org.tastemaker.human.testing.Browser;
import org.tastemaker.human.testing.ScriptedPerson;

/** The command as two people use it, in real browsers. */
class AnnotateInABrowserTest {
  /** The pictures in docs are taken here. */
  private static final Path PICTURES =
      Path.of(System.getProperty("tastemaker.pictures", "target/pictures"));

  @TempDir Path folder;

  @Test
  void twoPeopleJudgeAQueueAndTheFirstSeesHowItGoes() {
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(printed, true, StandardCharsets.UTF_8);

    try (Browser ann = Browser.chromium(1100, 900, false);
        Browser bob = Browser.chromium(400, 800, true)) {
      int code =
          AnnotateImages.run(
              new String[] {
                "--run",
                folder.toString(),
                "--people",
                "ann,bob",
                "--redundancy",
                "2",
                "--checks",
                "0"
              },
              out,
              out,
              server -> {
                ann.driver().get(server.address("ann").toString());
                bob.driver().get(server.address("bob").toString());
                ScriptedPerson first = person(ann, ScriptedPerson.Hand.KEYBOARD);
                ScriptedPerson second = person(bob, ScriptedPerson.Hand.MOUSE);
                for (int question = 0; question < 6; question++) {
                  if (question == 2) {
                    ann.waitFor("return " + ScriptedPerson.READY);
                    ann.picture(PICTURES.resolve("annotate.png"));
                    assertThat(ann.barriers()).isEmpty();
                  }
                  first.rank(4);
                  awaitOwn(ann, question + 1);
                  second.rank(4);
                  awaitOwn(bob, question + 1);
                }
                ann.driver().get("http://127.0.0.1:" + server.port() + "/overview");
                ann.waitFor("return document.body.textContent.indexOf('bob') >= 0");
                ann.picture(PICTURES.resolve("annotate-overview.png"));
                assertThat(ann.barriers()).isEmpty();
                new CountDownLatch(1).await(); // the command interrupts it when it is done
              });

      assertThat(code).as(printed.toString(StandardCharsets.UTF_8)).isZero();
      assertThat(printed.toString(StandardCharsets.UTF_8)).contains("6 groups are in");
    }
  }

  private static ScriptedPerson person(Browser browser, ScriptedPerson.Hand hand) {
    return new ScriptedPerson(browser, AnnotateInABrowserTest::darkness, hand);
  }

  private static double darkness(Image image) {
    double sum = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        sum -= image.get(1, y, x);
      }
    }
    return sum;
  }

  private static void awaitOwn(Browser browser, int own) {
    browser.waitFor("return document.getElementById('own').textContent === '" + own + "'");
  }
}
