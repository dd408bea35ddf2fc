package org.tastemaker.feedback.server;

import com.squareup.moshi.JsonAdapter;
import com.squareup.moshi.JsonDataException;
import com.squareup.moshi.Moshi;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tastemaker.core.Image;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Rubric;
import org.tastemaker.feedback.Question;

/**
 * A question, read back from the body of a request.
 *
 * <p>What the images are is told by their data URLs, what they are called by the text before each,
 * and what is asked by the schema of the answer. The words of the rubric are not read: the judge
 * behind this server knows by itself what it looks at, by the criteria's names.
 *
 * @param question the question, in its second attempt where the request complains of an answer
 * @param labels of the images, in order
 * @param fields of the answer, in order; the last one that is no rationale is {@code overall}
 * @param logprobs whether probabilities are asked for
 * @param model who is asked
 * @param textLength characters of all texts, for the count of tokens
 */
record AskedQuestion(
    Question question,
    List<String> labels,
    List<String> fields,
    boolean logprobs,
    String model,
    int textLength) {
  private static final JsonAdapter<Object> JSON = new Moshi.Builder().build().adapter(Object.class);
  private static final Pattern LABEL = Pattern.compile("Image ([A-Z]+):");
  private static final Pattern DATA_URL = Pattern.compile("data:image/(?:png|jpeg);base64,(.*)");
  private static final String PROMPT = "The prompt: ";
  private static final String IN_WORDS = "fits this JSON schema: ";

  static Map<?, ?> body(String text) throws BadRequest {
    try {
      if (JSON.fromJson(text) instanceof Map<?, ?> map) {
        return map;
      }
    } catch (IOException | JsonDataException e) {
      throw bad("invalid_json", "", "the body is no JSON: " + e.getMessage());
    }
    throw bad("invalid_json", "", "the body is no JSON object");
  }

  /** Reads a body of Chat Completions or of Responses. */
  static AskedQuestion read(Map<?, ?> body, boolean responses) throws BadRequest {
    String model = text(body.get("model"), "model");
    List<String> texts = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    List<Image> images = new ArrayList<>();
    for (Object part : content(body, responses)) {
      Map<?, ?> map = map(part, "content");
      String type = text(map.get("type"), "content.type");
      if (type.equals("text") || type.equals("input_text")) {
        String words = text(map.get("text"), "content.text");
        texts.add(words);
        Matcher label = LABEL.matcher(words);
        if (label.matches()) {
          labels.add(label.group(1));
        }
      } else {
        Object url = map.get("image_url");
        images.add(image(text(url instanceof Map<?, ?> m ? m.get("url") : url, "image_url")));
      }
    }
    if (labels.size() != images.size() || images.isEmpty()) {
      throw bad("invalid_value", "messages", "each image needs a text 'Image <label>:' before it");
    }
    Map<?, ?> properties = map(schema(body, responses, texts).get("properties"), "properties");
    List<String> fields = properties.keySet().stream().map(String::valueOf).toList();
    Map<?, ?> overall = map(properties.get("overall"), "properties.overall");
    String prompt =
        texts.stream()
            .filter(t -> t.startsWith(PROMPT))
            .findFirst()
            .map(t -> t.substring(PROMPT.length()))
            .orElse("\"\"");
    Question first =
        question(overall, Prompt.of(unquoted(prompt)), images, rubric(fields))
            .withSample(number(body.get("seed"), 0));
    Question question =
        texts.stream()
            .filter(t -> t.startsWith("An earlier answer"))
            .findFirst()
            .map(first::again)
            .orElse(first);
    boolean logprobs =
        Boolean.TRUE.equals(body.get("logprobs"))
            || (body.get("include") instanceof List<?> list
                && list.contains("message.output_text.logprobs"));
    int length = texts.stream().mapToInt(String::length).sum();
    return new AskedQuestion(question, labels, fields, logprobs, model, length);
  }

  private static List<?> content(Map<?, ?> body, boolean responses) throws BadRequest {
    Object messages = body.get(responses ? "input" : "messages");
    if (messages instanceof List<?> list) {
      for (Object message : list) {
        Map<?, ?> map = map(message, "messages");
        if ("user".equals(map.get("role")) && map.get("content") instanceof List<?> parts) {
          return parts;
        }
      }
    }
    throw bad("invalid_value", "messages", "there is no message of the user with parts");
  }

  private static Map<?, ?> schema(Map<?, ?> body, boolean responses, List<String> texts)
      throws BadRequest {
    Object format =
        responses
            ? body.get("text") instanceof Map<?, ?> text ? text.get("format") : null
            : body.get("response_format");
    if (format instanceof Map<?, ?> map && "json_schema".equals(map.get("type"))) {
      Object holder = responses ? map : map.get("json_schema");
      return map(map(holder, "json_schema").get("schema"), "schema");
    }
    for (String text : texts) {
      int at = text.indexOf(IN_WORDS);
      if (at >= 0) {
        return body(text.substring(at + IN_WORDS.length()));
      }
    }
    throw bad("invalid_value", "response_format", "no schema says what is asked");
  }

  private static Question question(
      Map<?, ?> overall, Prompt prompt, List<Image> images, Rubric rubric) throws BadRequest {
    try {
      return switch (text(overall.get("type"), "overall.type")) {
        case "string" -> Question.pair(prompt, images.get(0), images.get(1), rubric);
        case "array" -> {
          int size = number(overall.get("minItems"), images.size());
          yield size < images.size()
              ? Question.best(size, prompt, images, rubric)
              : Question.rank(prompt, images, rubric);
        }
        default -> {
          Map<?, ?> numbers = map(overall.get("properties"), "overall.properties");
          Map<?, ?> first = map(numbers.values().iterator().next(), "overall.properties");
          Question.Scale scale =
              new Question.Scale(number(first.get("minimum"), 0), number(first.get("maximum"), 10));
          yield Question.score(scale, prompt, images, rubric);
        }
      };
    } catch (IllegalArgumentException e) {
      throw bad("invalid_value", "response_format", String.valueOf(e.getMessage()));
    }
  }

  private static Rubric rubric(List<String> fields) {
    List<Rubric.Criterion> criteria =
        fields.stream()
            .filter(field -> !field.equals("rationale"))
            .filter(field -> !field.equals("overall") || !hasCriteria(fields))
            .map(field -> new Rubric.Criterion(field, field, Rubric.Scope.EACH_IMAGE))
            .toList();
    return new Rubric("server", "1", "", criteria);
  }

  private static boolean hasCriteria(List<String> fields) {
    return fields.stream().anyMatch(f -> !f.equals("overall") && !f.equals("rationale"));
  }

  private static Image image(String url) throws BadRequest {
    Matcher matcher = DATA_URL.matcher(url);
    if (!matcher.matches()) {
      throw bad("invalid_image_format", "image_url", "an image must be a data URL of PNG or JPEG");
    }
    try {
      return Image.fromBytes(Base64.getDecoder().decode(matcher.group(1)));
    } catch (IllegalArgumentException e) {
      throw bad("invalid_base64_image", "image_url", String.valueOf(e.getMessage()));
    }
  }

  private static String unquoted(String json) throws BadRequest {
    try {
      return String.valueOf(JSON.fromJson(json));
    } catch (IOException | JsonDataException e) {
      throw bad("invalid_value", "messages", "the prompt is no JSON string");
    }
  }

  private static Map<?, ?> map(@Nullable Object value, String where) throws BadRequest {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw bad("invalid_type", where, where + " must be an object");
  }

  private static String text(@Nullable Object value, String where) throws BadRequest {
    if (value instanceof String text) {
      return text;
    }
    throw bad("invalid_type", where, where + " must be a string");
  }

  private static int number(@Nullable Object value, int otherwise) {
    return value instanceof Double number ? number.intValue() : otherwise;
  }

  private static BadRequest bad(String code, String param, String message) {
    return new BadRequest(400, code, param, message);
  }
}
