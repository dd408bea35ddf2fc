package org.tastemaker.feedback.openai;

import java.util.Set;

/**
 * Whose failure an error is. Words go before the status, since servers differ in what status they
 * give the same refusal; only what no word explains is told by its status.
 *
 * <table class="striped">
 * <caption>What is recognised, in this order; the words are in {@link ErrorWords}</caption>
 * <thead><tr><th>kind</th><th>recognised by</th><th>becomes</th></tr></thead>
 * <tbody>
 * <tr><td>{@link ErrorKind#MONEY}</td><td>status 402; codes and words of an empty account, with any status</td>
 * <td>QuotaExhausted: all calls end</td></tr>
 * <tr><td>{@link ErrorKind#SIZE}</td><td>status 413; words about the context or about a request that is larger than a
 * limit a minute</td><td>InvalidRequest, of this question</td></tr>
 * <tr><td>{@link ErrorKind#PACE}</td><td>status 429, codes such as RESOURCE_EXHAUSTED</td><td>asked again after the
 * delay of header or body; RateLimited</td></tr>
 * <tr><td>{@link ErrorKind#KEY}</td><td>status 401, words about a key</td><td>InvalidRequest, of the job</td></tr>
 * <tr><td>{@link ErrorKind#CONTENT}</td><td>codes and words of filters</td><td>Refused</td></tr>
 * <tr><td>{@link ErrorKind#GENERATION}</td><td>the model failed at the form: {@code json_validate_failed}</td>
 * <td>asked again, then in a weaker form; MalformedVerdict</td></tr>
 * <tr><td>{@link ErrorKind#BLIND}</td><td>words: the model sees no images</td><td>InvalidRequest, of the job</td></tr>
 * <tr><td>{@link ErrorKind#IMAGES}</td><td>words: more images than a request may hold</td><td>InvalidRequest, of the
 * job</td></tr>
 * <tr><td>{@link ErrorKind#SYSTEM}</td><td>words: no system message</td><td>asked again without one; InvalidRequest, of
 * the job</td></tr>
 * <tr><td>{@link ErrorKind#IMAGE}</td><td>codes and words about an image's bytes</td><td>InvalidRequest, of this
 * question</td></tr>
 * <tr><td>{@link ErrorKind#FORM}</td><td>words about schema, grammar, {@code response_format}</td><td>asked again in a
 * weaker form; InvalidRequest, of the job</td></tr>
 * <tr><td>{@link ErrorKind#PARAMETER}</td><td>a parameter of ours that is called unsupported, or that {@code param}
 * names</td><td>asked again without it; InvalidRequest, of the job</td></tr>
 * <tr><td>{@link ErrorKind#MODEL}</td><td>status 404, 405, 410; words: no such model</td><td>InvalidRequest, of the
 * job</td></tr>
 * <tr><td>{@link ErrorKind#PERMISSION}</td><td>status 403; words about a place that is not served</td><td>InvalidRequest, of the job</td></tr>
 * <tr><td>{@link ErrorKind#SERVER}</td><td>words of a model that is not loaded; status 408, 409, 424, 425, 498, 499, from 500 up; an error in an answer of
 * status 200 that names no other</td><td>asked again; TransportFailed</td></tr>
 * <tr><td>{@link ErrorKind#SHARED}</td><td>any other status but 400 and 422: not about what was asked</td>
 * <td>InvalidRequest, of the job</td></tr>
 * <tr><td>{@link ErrorKind#UNKNOWN}</td><td>status 400 and 422 otherwise</td><td>InvalidRequest, of this question</td></tr>
 * </tbody>
 * </table>
 */
final class Diagnosis {
  /** What passes though its status is below 500. */
  private static final Set<Integer> PASSING = Set.of(408, 409, 424, 425, 498, 499);

  private static final Set<Integer> NOT_THERE = Set.of(404, 405, 410);

  private Diagnosis() {}

  static ErrorKind of(ApiError error) {
    String text = error.text();
    int status = error.status();
    if (status == 402 || ErrorWords.MONEY.matcher(text).find()) {
      return ErrorKind.MONEY;
    }
    boolean pace = status == 429 || ErrorWords.PACE.matcher(text).find();
    if (status == 413 || ErrorWords.SIZE.matcher(text).find()) {
      return ErrorKind.SIZE;
    }
    if (pace) {
      return ErrorKind.PACE;
    }
    if (status == 401 || ErrorWords.KEY.matcher(text).find()) {
      return ErrorKind.KEY;
    }
    for (ErrorWords.Rule rule : ErrorWords.RULES) {
      if (rule.words().matcher(text).find()) {
        return rule.kind();
      }
    }
    if (status >= 400 && status < 500 && ErrorWords.FORM.matcher(text).find()) {
      return ErrorKind.FORM;
    }
    if (RejectedParameter.isAboutOurs(error)) {
      return ErrorKind.PARAMETER;
    }
    if (ErrorWords.PERMISSION.matcher(text).find()) {
      return ErrorKind.PERMISSION;
    }
    if (NOT_THERE.contains(status)
        || ErrorWords.MODEL.matcher(text).find()
        || (status < 500 && ErrorWords.NO_MODEL.matcher(text).find())) {
      return ErrorKind.MODEL;
    }
    if (status == 403) {
      return ErrorKind.PERMISSION;
    }
    if (status >= 500 || status < 400 || PASSING.contains(status)) {
      return ErrorKind.SERVER;
    }
    return status == 400 || status == 422 ? ErrorKind.UNKNOWN : ErrorKind.SHARED;
  }
}
