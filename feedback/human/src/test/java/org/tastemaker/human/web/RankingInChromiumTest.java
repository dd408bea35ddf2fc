package org.tastemaker.human.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.NoAlertPresentException;
import org.openqa.selenium.WebElement;
import org.tastemaker.core.Image;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;
import org.tastemaker.human.testing.Browser;
import org.tastemaker.human.testing.ScriptedPerson;

/** The widget in which images are ranked, on the smallest page there can be, in a real browser. */
class RankingInChromiumTest {
  private static final String HTML =
      """
      <!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Greys</title>
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <link rel="stylesheet" href="/common.css"><script src="/common.js"></script>
      <script src="/ranking.js"></script><script src="/page.js" defer></script></head>
      <body><main><h1>Greys</h1><input id="field" aria-label="notes"><div id="host"></div></main>
      </body></html>
      """;

  private static final String SCRIPT =
      """
      const outbox = Tastemaker.outbox('greys', () => {});
      const ranking = TastemakerRanking.create(document.getElementById('host'), {
        onAnswer: answer => outbox.send('/api/answer', answer),
        onUndo: () => outbox.send('/api/undo', {})
      });
      Tastemaker.poll('/api/state', state => ranking.show(state));
      """;

  private final LinkedBlockingQueue<JsonObject> sent = new LinkedBlockingQueue<>();
  private final List<Image> greys = new ArrayList<>();
  private final Changes changes = new Changes();
  private volatile int answers;
  private volatile int painted = 4;

  private final PageServer server = PageServer.builder(new Greys()).open();

  RankingInChromiumTest() {
    for (float level : new float[] {0.4f, 0.9f, 0.1f, 0.6f}) {
      greys.add(Image.filled(32, 32, level, level, level));
    }
  }

  /** Four greys, again and again. */
  private final class Greys implements Page {
    @Override
    public Map<String, PageFile> files() {
      Map<String, PageFile> files = new HashMap<>(FrontEnd.files());
      files.put("/", file("text/html; charset=utf-8", HTML));
      files.put("/page.js", file("text/javascript; charset=utf-8", SCRIPT));
      return files;
    }

    private static PageFile file(String type, String text) {
      return new PageFile(type, text.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public Reply answer(PageRequest request) throws InterruptedException {
      if (request.method().equals("POST")) {
        synchronized (this) {
          answers++;
          sent.add(Json.parseObject(request.text(), "an answer"));
        }
        changes.signal();
        return Reply.json(Map.of());
      }
      if (request.path().startsWith("/image/")) {
        return Reply.image(greys.get(Integer.parseInt(request.path().substring(7))));
      }
      if (!request.path().equals("/api/state")) {
        return Reply.notFound();
      }
      long version = changes.await(request.number("since", 0), Duration.ofSeconds(5));
      List<@Nullable Object> images = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        images.add(i < painted ? "/image/" + i : null);
      }
      return Reply.json(
          Map.of(
              "version",
              version,
              "question",
              "q" + answers,
              "best",
              2,
              "images",
              images,
              "task",
              "Choose the brightest two."));
    }
  }

  @AfterEach
  void close() {
    server.close();
  }

  private Browser page(int width, boolean dark) {
    Browser browser = Browser.chromium(width, 800, dark);
    browser.driver().get(server.address().toString());
    browser.waitFor("return document.querySelectorAll('.candidate').length === 4");
    return browser;
  }

  private Browser page() {
    return page(800, false);
  }

  private static void type(Browser browser, CharSequence... keys) {
    browser.driver().findElement(By.tagName("body")).sendKeys(keys);
  }

  private JsonObject next() {
    try {
      JsonObject answer = sent.poll(30, TimeUnit.SECONDS);
      assertThat(answer).as("an answer that arrives").isNotNull();
      return answer;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String said(Browser browser) {
    return browser.driver().findElement(By.cssSelector(".ranking-said")).getText();
  }

  @ParameterizedTest
  @EnumSource(ScriptedPerson.Hand.class)
  void someoneRanksWithTheMouseOrWithTheKeyboardAlone(ScriptedPerson.Hand hand) {
    try (Browser browser = page()) {
      ScriptedPerson person = new ScriptedPerson(browser, grey -> grey.get(0, 0, 0), hand);
      person.rank(2);

      JsonObject answer = next();
      assertThat(answer.text("question")).isEqualTo("q0");
      assertThat(answer.text("kind")).isEqualTo("ranked");
      assertThat(answer.integerLists("tiers")).containsExactly(List.of(1), List.of(3));
      assertThat(answer.longInteger("millis")).isNotNegative();

      person.rank(2); // the next set
      assertThat(next().text("question")).isEqualTo("q1");
    }
  }

  @Test
  void aTieSharesThePlaceOfTheOneBefore() {
    try (Browser browser = page()) {
      type(browser, "2", "=", "4", "1", Keys.ENTER);

      assertThat(next().integerLists("tiers")).containsExactly(List.of(1, 3), List.of(0));
    }
  }

  @ParameterizedTest
  @CsvSource({"n, none", "N, none", "s, skip", "S, skip"})
  void noneAndSkipHaveAKey(String key, String kind) {
    try (Browser browser = page()) {
      type(browser, key);

      JsonObject answer = next();
      assertThat(answer.text("kind")).isEqualTo(kind);
      assertThat(answer.integerLists("tiers")).isEmpty();
    }
  }

  @Test
  void aPlaceIsTakenAwayByASecondClickAndByBackspace() {
    try (Browser browser = page()) {
      type(browser, "1", "2", "3");
      type(browser, "2"); // again
      type(browser, Keys.BACK_SPACE);
      type(browser, Keys.ENTER);

      assertThat(next().integerLists("tiers")).containsExactly(List.of(0));
    }
  }

  @Test
  void keysThatAreTypedIntoAFieldAreText() {
    try (Browser browser = page()) {
      browser.driver().findElement(By.id("field")).sendKeys("1n2s", Keys.ENTER);

      assertThat(browser.script("return document.getElementById('field').value")).isEqualTo("1n2s");
      assertThat(browser.driver().findElements(By.cssSelector(".candidate[aria-pressed=true]")))
          .isEmpty();
      assertThat(sent).isEmpty();
    }
  }

  @Test
  void anImageThatIsStillBeingMadeCannotBeChosenAndIsSaidToBe() {
    painted = 3;
    try (Browser browser = page()) {
      type(browser, "4");
      assertThat(said(browser)).contains("still being made");

      type(browser, "1");
      painted = 4;
      changes.signal();
      browser.waitFor("return document.querySelectorAll('.candidate[aria-disabled]').length === 0");
      type(browser, "4", Keys.ENTER); // what was chosen before is kept

      assertThat(next().integerLists("tiers")).containsExactly(List.of(0), List.of(3));
    }
  }

  @Test
  void aScreenReaderIsToldNamesPlacesAndWhatChanges() {
    try (Browser browser = page()) {
      type(browser, "3");

      WebElement third = browser.driver().findElements(By.cssSelector(".candidate")).get(2);
      assertThat(third.getAttribute("aria-label")).isEqualTo("Image 3, place 1");
      assertThat(third.getAttribute("aria-pressed")).isEqualTo("true");
      assertThat(said(browser)).startsWith("Image 3, place 1");
    }
  }

  @Test
  void theFocusStaysWhenTheNextSetArrives() {
    try (Browser browser = page()) {
      browser.driver().findElements(By.cssSelector(".candidate")).get(2).sendKeys(Keys.SPACE);
      browser.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
      assertThat(next().integerLists("tiers")).containsExactly(List.of(2));
      browser.waitFor("return document.querySelector('.ranking.sent') === null");

      assertThat(browser.script("return document.activeElement.getAttribute('aria-label')"))
          .isEqualTo("Image 3, no place");
    }
  }

  @Test
  void aClickWithoutAServerIsSentWhenItIsBackThoughThePageWasReloaded() {
    try (Browser browser = page()) {
      Object unused =
          browser.script(
              """
              const open = XMLHttpRequest.prototype.open;
              XMLHttpRequest.prototype.open = function (method, url) {
                return open.call(this, method, method === 'POST' ? 'http://127.0.0.1:1/' : url);
              };
              """);
      type(browser, "1", Keys.ENTER);
      browser.waitFor("return (document.getElementById('connection') || {}).textContent > ''");
      assertThat(browser.driver().findElement(By.id("connection")).getText())
          .contains("Connection lost", "is kept");
      assertThat(sent).isEmpty();

      unused = browser.script("location.reload()");
      try {
        browser.driver().switchTo().alert().accept(); // "leave the page?"
      } catch (NoAlertPresentException e) {
        // It did not ask.
      }

      assertThat(next().integerLists("tiers")).containsExactly(List.of(0));
    }
  }

  @ParameterizedTest
  @CsvSource({"360, false", "360, true", "1200, false", "1200, true"})
  void noRuleOfWcagIsBroken(int width, boolean dark) {
    painted = 3;
    try (Browser browser = page(width, dark)) {
      Object unused = browser.script("document.getElementById('field').remove()"); // the test's own
      type(browser, "1");

      assertThat(browser.barriers()).isEmpty();
      assertThat(browser.script("return document.documentElement.scrollWidth <= window.innerWidth"))
          .as("nothing is cut off at the side")
          .isEqualTo(true);
    }
  }
}
