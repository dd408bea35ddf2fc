package org.tastemaker.human.improve;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.tastemaker.core.Prompt;
import org.tastemaker.human.testing.Browser;
import org.tastemaker.human.web.PageServer;

/** The page in the browser of the JVM. */
class ImproveBrowserTest {
  private static final String ALL =
      "return document.querySelectorAll('.candidate').length === 6"
          + " && document.querySelectorAll('.candidate[aria-disabled]').length === 0";

  @TempDir private Path folder;

  private final FakePainter painter =
      new FakePainter(Prompt.of("</script><img src=x onerror=\"document.title='broken'\">"));
  private final Browser browser = Browser.inTheJvm();
  private Visit visit;
  private PageServer server;
  private int opened;

  @BeforeEach
  void open() {
    serve();
    browser.driver().get(server.address().toString());
    browser.waitFor(ALL);
  }

  private void serve() {
    Clock later = Clock.offset(Visit.CLOCK, Duration.ofSeconds(opened++));
    visit = Visit.open(folder, painter, later, System::nanoTime);
    server = PageServer.builder(visit.page).remembering(folder.resolve("server.json")).open();
  }

  private void end() {
    server.close();
    visit.close();
  }

  @AfterEach
  void close() {
    browser.close();
    end();
  }

  @Test
  void theKeyboardAloneIsEnough() {
    type("2", "5", Keys.ENTER);
    awaitQuestion(1);
    awaitAll();
    type("3", Keys.ENTER);
    awaitQuestion(2);

    assertThat(text("round")).isEqualTo("2, first look");
    assertThat(visit.state().text("question")).isEqualTo("2");
  }

  @Test
  void theMouseIsEnoughForATie() {
    candidate(2).click();
    button("tie").click();
    candidate(4).click();
    button("send").click();
    awaitQuestion(1);

    assertThat(tiers(0)).isEqualTo(List.of(List.of(1, 3)));
  }

  @Test
  void undoShowsTheSameImagesAgain() {
    List<String> before = images();
    type("1", Keys.ENTER);
    awaitQuestion(1);
    type("u");
    awaitQuestion(2);
    awaitAll();

    assertThat(images()).isEqualTo(before);
  }

  @Test
  void anUndoRightBehindAnAnswerIsOfThatAnswer() {
    browser.script(
        "const key = k => document.body.dispatchEvent("
            + "new KeyboardEvent('keydown', {key: k, bubbles: true}));"
            + "key('1'); key('Enter'); key('u');");
    awaitQuestion(2);

    assertThat(visit.state().flag("canUndo")).isFalse();
  }

  @Test
  void noneAndSkipAreAnswers() {
    type("n");
    awaitQuestion(1);
    awaitAll();
    button("skip").click();
    awaitQuestion(2);

    assertThat(ClickLog.read(folder).stream().map(Click::kind)).containsExactly("none", "skip");
  }

  @Test
  void aReloadInTheMiddleShowsTheSameQuestion() {
    type("1", Keys.ENTER);
    awaitQuestion(1);
    awaitAll();
    List<String> before = images();
    browser.driver().navigate().refresh();
    browser.waitFor(ALL);

    assertThat(images()).isEqualTo(before);
    assertThat(visit.state().text("question")).isEqualTo("1");
  }

  @Test
  void aClickWhileTheServerIsAwayIsSentWhenItIsBack() {
    end();
    type("4", "1", Keys.ENTER);
    browser.waitFor(
        "const c = document.getElementById('connection');"
            + "return c !== null && c.textContent.indexOf('Connection lost') === 0");
    serve();
    awaitQuestion(1);
    browser.waitFor("return document.getElementById('connection').textContent === ''");

    assertThat(tiers(0)).isEqualTo(List.of(List.of(3), List.of(0)));
  }

  @Test
  void aClickWhileTheServerIsAwaySurvivesAClosedTab() {
    end();
    type("6", Keys.ENTER);
    browser.waitFor("return window.localStorage.length === 1");
    browser.driver().get("about:blank");
    serve();
    browser.driver().get(server.address().toString());
    awaitQuestion(1);

    assertThat(tiers(0)).isEqualTo(List.of(List.of(5)));
  }

  @Test
  void theHistoryLeadsBackByKeyboard() {
    for (int i = 0; i < 4; i++) {
      awaitAll();
      int best = visit.brightest(visit.whole()).get(0).get(0);
      type(Integer.toString(best + 1), Keys.ENTER);
      awaitQuestion(i + 1);
    }
    browser.waitFor("return document.querySelectorAll('.move').length > 1");
    WebElement start = browser.driver().findElements(By.cssSelector(".move")).get(0);
    assertThat(start.getAttribute("aria-label")).isEqualTo("Go back to start");
    browser.script("document.querySelector('.move').focus()");
    start.click();
    awaitQuestion(5);

    browser.waitFor("return document.querySelectorAll('.move').length === 1");
    assertThat(start.getAttribute("aria-label")).isEqualTo("Start, the best so far");
    assertThat(browser.driver().switchTo().activeElement()).isEqualTo(start);
  }

  @Test
  void aPromptIsTextWhateverIsInIt() {
    assertThat(text("prompt"))
        .isEqualTo("</script><img src=x onerror=\"document.title='broken'\">");
    assertThat(browser.driver().findElements(By.cssSelector("img[src=x]"))).isEmpty();
    assertThat(browser.driver().getTitle()).isNotEqualTo("broken");
  }

  @Test
  void aPainterThatFailsIsSaidWithTheWayOut() {
    awaitAll();
    painter.fail(new IllegalStateException("the <b>memory</b> is full"));
    type("s");
    browser.waitFor("return !document.getElementById('trouble').hidden");

    assertThat(text("trouble-text")).contains("the <b>memory</b> is full").contains("Try again");
    painter.fail(null);
    browser.driver().findElement(By.id("retry")).click();
    awaitAll();
    browser.waitFor("return document.getElementById('trouble').hidden");
  }

  @Test
  void theBestSoFarAndItsDownloadsAreThere() {
    WebElement best = browser.driver().findElement(By.cssSelector("#best-frame img"));
    assertThat(best.getAttribute("src")).endsWith(String.valueOf(visit.moves().get(0)));
    assertThat(browser.driver().findElement(By.id("take-image")).getAttribute("href"))
        .endsWith("/download/image.png");
    assertThat(browser.driver().findElement(By.id("take-lora")).isDisplayed()).isFalse();
  }

  private WebElement candidate(int number) {
    return browser.driver().findElements(By.cssSelector(".candidate")).get(number - 1);
  }

  private WebElement button(String name) {
    return browser.driver().findElement(By.cssSelector(".ranking-controls ." + name));
  }

  private String text(String id) {
    return browser.driver().findElement(By.id(id)).getText();
  }

  private List<String> images() {
    return browser.driver().findElements(By.cssSelector(".candidate img")).stream()
        .map(image -> Objects.requireNonNull(image.getAttribute("src")))
        .toList();
  }

  private List<List<Integer>> tiers(int click) {
    return ClickLog.read(folder).get(click).tiers();
  }

  private void type(CharSequence... keys) {
    for (CharSequence key : keys) {
      browser.driver().switchTo().activeElement().sendKeys(key);
    }
  }

  /** In the browser, which may be behind the server. */
  private void awaitQuestion(int question) {
    browser.waitFor(
        "const ranking = document.querySelector('.ranking');"
            + "return ranking.getAttribute('data-question') === '"
            + question
            + "' && ranking.className.indexOf('sent') < 0");
  }

  private void awaitAll() {
    browser.waitFor(ALL);
  }
}
