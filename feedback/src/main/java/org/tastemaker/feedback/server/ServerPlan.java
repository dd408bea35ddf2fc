package org.tastemaker.feedback.server;

import com.squareup.moshi.JsonDataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a server does to requests of some kinds, so that this one behaves like another: it refuses
 * them in that server's words, or answers in that server's form.
 *
 * <pre>
 * [{"if": {"images": 2}, "status": 400, "body": {"error": {"message": "At most 1 image(s)"}}},
 *  {"if": {"parameter": "seed"}, "status": 422, "text": "seed: extra fields not permitted"},
 *  {"set": {"choices.0.message.content": "&lt;think&gt;Hm.&lt;/think&gt;${content}"}}]
 * </pre>
 *
 * <p>A request meets the first rule that is for it. A rule has:
 *
 * <table class="striped">
 * <caption>The fields of a rule</caption>
 * <thead><tr><th>field</th><th>what</th></tr></thead>
 * <tbody>
 * <tr><td>{@code if}</td><td>which requests it is for: {@link RequestKind}; by default all</td></tr>
 * <tr><td>{@code from}, {@code times}</td><td>of these, from which one on (by default 1), and for
 * how many (by default all)</td></tr>
 * <tr><td>{@code status}</td><td>refuses, with this status of HTTP; may be 200</td></tr>
 * <tr><td>{@code headers}</td><td>of the answer</td></tr>
 * <tr><td>{@code body}</td><td>of a refusal, as JSON</td></tr>
 * <tr><td>{@code text}</td><td>the body as text; <code>${body}</code> stands for the usual one</td></tr>
 * <tr><td>{@code set}</td><td>changes the usual answer: paths such as {@code
 * choices.0.message.content}, and their values, in which <code>${content}</code> stands for what the
 * model says; null sets null</td></tr>
 * <tr><td>{@code remove}</td><td>paths that the answer does without</td></tr>
 * </tbody>
 * </table>
 *
 * <p>Thread-safe.
 */
public final class ServerPlan {
  private static final Set<String> FIELDS =
      Set.of("if", "from", "times", "status", "headers", "body", "text", "set", "remove");

  private final List<Rule> rules;

  private ServerPlan(List<Rule> rules) {
    this.rules = rules;
  }

  /**
   * A plan that changes nothing.
   *
   * @return the plan
   */
  public static ServerPlan none() {
    return new ServerPlan(List.of());
  }

  /**
   * Reads a plan.
   *
   * @param json a list of rules
   * @return the plan, with all of its counts at 0
   * @throws IllegalArgumentException if it is no list of rules; says what is wrong
   */
  public static ServerPlan read(String json) {
    try {
      if (Json.read(json) instanceof List<?> list) {
        List<Rule> rules = new ArrayList<>();
        for (Object rule : list) {
          rules.add(rule(rule));
        }
        return new ServerPlan(List.copyOf(rules));
      }
    } catch (IOException | JsonDataException e) {
      throw new IllegalArgumentException("a plan must be JSON: " + e.getMessage(), e);
    }
    throw new IllegalArgumentException("a plan must be a JSON list of rules");
  }

  /** The rule that a request meets. */
  Optional<Rule> of(Map<?, ?> request) {
    return rules.stream().filter(rule -> rule.meets(request)).findFirst();
  }

  private static Rule rule(@Nullable Object json) {
    if (!(json instanceof Map<?, ?> map)) {
      throw new IllegalArgumentException("a rule of a plan must be an object, but was " + json);
    }
    for (Object name : map.keySet()) {
      if (!FIELDS.contains(String.valueOf(name))) {
        throw new IllegalArgumentException(
            "a rule of a plan has the fields " + FIELDS + ", but there was " + name);
      }
    }
    boolean says = map.containsKey("body") || map.containsKey("text");
    if (map.containsKey("status") ? !says : map.containsKey("body")) {
      throw new IllegalArgumentException(
          "a rule that refuses has a status, and a body or text; another one has neither status"
              + " nor body; but there was "
              + map);
    }
    return new Rule(map);
  }

  /** What some requests meet. */
  static final class Rule {
    private final RequestKind kind;
    private final int from;
    private final int times;
    private final @Nullable Integer status;
    private final Map<String, String> headers = new TreeMap<>();
    private final @Nullable Object body;
    private final @Nullable String text;
    private final AnswerEdits edits;
    private int met;

    private Rule(Map<?, ?> json) {
      this.kind = RequestKind.of(json.get("if"));
      this.from = Json.number(json.get("from"), 1);
      this.times = Json.number(json.get("times"), Integer.MAX_VALUE);
      this.status = json.get("status") == null ? null : Json.number(json.get("status"), 0);
      if (json.get("headers") instanceof Map<?, ?> map) {
        map.forEach((name, value) -> headers.put(String.valueOf(name), String.valueOf(value)));
      }
      this.body = json.get("body");
      this.text = json.get("text") instanceof String words ? words : null;
      this.edits = new AnswerEdits(json.get("set"), json.get("remove"));
    }

    private synchronized boolean meets(Map<?, ?> request) {
      if (!kind.is(request)) {
        return false;
      }
      met++;
      return met >= from && met - from < times;
    }

    boolean refuses() {
      return status != null;
    }

    Outgoing refusal() {
      String words = text != null ? text : body == null ? "" : Json.writeAll(body);
      return Outgoing.of(status == null ? 200 : status, words).with(headers);
    }

    Outgoing reshaped(Outgoing usual) {
      String body = edits.apply(usual.body());
      return usual.saying(text == null ? body : text.replace("${body}", body)).with(headers);
    }
  }
}
