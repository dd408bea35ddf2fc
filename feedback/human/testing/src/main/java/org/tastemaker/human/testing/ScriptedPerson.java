package org.tastemaker.human.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebDriver;
import org.openqa.selenium.WebElement;
import org.tastemaker.core.Image;

/**
 * Someone who looks at the images of a page, in a browser, and ranks them by a rule: with the
 * mouse, or with the keyboard alone.
 */
public final class ScriptedPerson {
  /** How the answers are given. */
  public enum Hand {
    /** Clicks on images and on the button. */
    MOUSE,
    /** Types numbers and Enter. */
    KEYBOARD
  }

  /** An expression: whether all images of a question are there, and it is not answered yet. */
  public static final String READY =
      """
      (function () {
        const all = document.querySelectorAll('.candidate');
        for (let i = 0; i < all.length; i++) {
          if (all[i].getAttribute('aria-disabled') === 'true') {
            return false;
          }
        }
        return all.length > 0 && document.querySelectorAll('.ranking.sent').length === 0;
      })()
      """;

  private final Browser browser;
  private final ToDoubleFunction<Image> taste;
  private final Hand hand;
  private final Map<String, Image> seen = new HashMap<>(); // by address: an image's never changes

  /**
   * A person at a browser that shows a page.
   *
   * @param browser at the page
   * @param taste higher is better
   * @param hand how the answers are given
   */
  public ScriptedPerson(Browser browser, ToDoubleFunction<Image> taste, Hand hand) {
    this.browser = browser;
    this.taste = taste;
    this.hand = hand;
  }

  /**
   * Waits until all images are there, and ranks the best few of them.
   *
   * @param best how many
   */
  public void rank(int best) {
    browser.waitFor("return " + READY);
    List<Image> images = images();
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble(i -> -taste.applyAsDouble(images.get(i))));
    give(order.subList(0, Math.min(best, order.size())));
  }

  /**
   * What is shown.
   *
   * @return the images, in their order
   */
  public List<Image> images() {
    return browser.driver().findElements(By.cssSelector(".candidate img")).stream()
        .map(element -> Objects.requireNonNull(element.getAttribute("src")))
        .map(address -> seen.computeIfAbsent(address, this::load))
        .toList();
  }

  /**
   * An image of the page.
   *
   * @param selector of CSS, of the element
   * @return the image, as the browser loads it
   */
  public Image image(String selector) {
    WebElement element = browser.driver().findElement(By.cssSelector(selector));
    return seen.computeIfAbsent(Objects.requireNonNull(element.getAttribute("src")), this::load);
  }

  private void give(List<Integer> order) {
    if (hand == Hand.KEYBOARD) {
      WebElement body = browser.driver().findElement(By.tagName("body"));
      order.forEach(i -> body.sendKeys(String.valueOf(i + 1)));
      body.sendKeys(Keys.ENTER);
    } else {
      List<WebElement> cards = browser.driver().findElements(By.cssSelector(".candidate"));
      order.forEach(i -> cards.get(i).click());
      browser.driver().findElement(By.cssSelector(".ranking-controls .send")).click();
    }
  }

  /** With the browser's own cookie, as the browser loads it. */
  private Image load(String address) {
    WebDriver driver = browser.driver();
    String cookies =
        driver.manage().getCookies().stream()
            .map(cookie -> cookie.getName() + "=" + cookie.getValue())
            .collect(Collectors.joining("; "));
    try {
      URI page = URI.create(Objects.requireNonNull(driver.getCurrentUrl()));
      HttpURLConnection connection =
          (HttpURLConnection) page.resolve(address).toURL().openConnection();
      connection.setRequestProperty("Cookie", cookies);
      try (InputStream in = connection.getInputStream()) {
        return Image.fromBytes(in.readAllBytes());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
