-- The views of an export: what people ask of the record, ready to be filtered and drawn.
-- docs/export.md describes them. Times are in UTC, lengths of time in minutes.

CREATE VIEW latest_verdicts AS
SELECT
  verdicts.decision_id,
  verdicts.verdict,
  verdicts.note,
  verdicts.at,
  accounts.name AS supervisor
FROM verdicts
  JOIN accounts ON accounts.id = verdicts.account_id
WHERE verdicts.id IN (SELECT max(id) FROM verdicts GROUP BY decision_id);

CREATE VIEW decisions_with_words AS
SELECT
  decisions.id AS decision_id,
  decisions.at,
  decisions.conversation_id,
  decisions.seq,
  decisions.action,
  decisions.priority,
  (SELECT group_concat(value, ', ') FROM json_each(decisions.rules)) AS rules,
  messages.text AS customer_words,
  messages.language,
  round(json_extract(messages.reading, '$.negative'), 3) AS negative,
  latest_verdicts.verdict,
  latest_verdicts.note,
  decisions.policy_hash,
  decisions.model_hash
FROM decisions
  JOIN messages
    ON messages.conversation_id = decisions.conversation_id AND messages.seq = decisions.seq
  LEFT JOIN latest_verdicts ON latest_verdicts.decision_id = decisions.id
ORDER BY decisions.id;

CREATE VIEW handovers_by_day_and_rule AS
SELECT
  date(cases.opened_at) AS day,
  fired.value AS rule,
  count(*) AS handovers
FROM cases
  JOIN decisions ON decisions.id = cases.decision_id
  JOIN json_each(decisions.rules) AS fired
GROUP BY day, rule
ORDER BY day, rule;

CREATE VIEW cases_with_waiting_times AS
SELECT
  cases.id AS case_id,
  cases.conversation_id,
  cases.state,
  cases.priority,
  cases.senior,
  (SELECT group_concat(value, ', ') FROM json_each(decisions.rules)) AS rules,
  cases.opened_at,
  round((julianday(cases.claimed_at) - julianday(cases.opened_at)) * 1440, 1) AS minutes_to_claim,
  round((julianday(cases.first_reply_at) - julianday(cases.opened_at)) * 1440, 1) AS minutes_to_first_reply,
  julianday(cases.first_reply_at) <= julianday(cases.reply_due) AS reply_in_time,
  round((julianday(cases.resolved_at) - julianday(cases.opened_at)) * 1440, 1) AS minutes_to_resolution,
  julianday(cases.resolved_at) <= julianday(cases.resolve_due) AS resolution_in_time,
  cases.root_cause,
  accounts.name AS agent,
  surveys.score AS rating
FROM cases
  JOIN decisions ON decisions.id = cases.decision_id
  LEFT JOIN accounts ON accounts.id = cases.agent_id
  LEFT JOIN surveys ON surveys.case_id = cases.id
ORDER BY cases.id;

CREATE VIEW offers_suggested_and_given AS
SELECT
  offers.id AS offer_id,
  offers.case_id,
  offers.made_at,
  offers.state,
  json_extract(offers.suggestion, '$.remedy') AS suggested_remedy,
  (SELECT round(sum(json_extract(step.value, '$.amount')), 2)
    FROM json_each(offers.suggestion, '$.steps') AS step) AS suggested_amount,
  json_extract(offers.suggestion, '$.currency') AS suggested_currency,
  offers.remedy AS given_remedy,
  CAST(offers.amount AS REAL) AS given_amount,
  offers.currency AS given_currency,
  offers.reason,
  offering.name AS offered_by,
  deciding.name AS decided_by
FROM offers
  JOIN accounts AS offering ON offering.id = offers.offered_by
  LEFT JOIN accounts AS deciding ON deciding.id = offers.decided_by
ORDER BY offers.id;

CREATE VIEW verdicts_by_rule AS
SELECT
  fired.value AS rule,
  decisions.action,
  coalesce(latest_verdicts.verdict, 'none') AS verdict,
  count(*) AS decisions
FROM decisions
  JOIN json_each(decisions.rules) AS fired
  LEFT JOIN latest_verdicts ON latest_verdicts.decision_id = decisions.id
GROUP BY rule, action, verdict
ORDER BY rule, action, verdict;

CREATE VIEW moods_by_turn AS
SELECT
  messages.conversation_id,
  messages.episode,
  row_number() OVER (
    PARTITION BY messages.conversation_id, messages.episode ORDER BY messages.seq
  ) AS turn,
  messages.seq,
  messages.at,
  messages.language,
  round(json_extract(messages.reading, '$.negative'), 3) AS negative,
  (SELECT key FROM json_each(messages.reading, '$.emotions') ORDER BY value DESC LIMIT 1)
    AS emotion,
  messages.intent,
  messages.text AS customer_words
FROM messages
WHERE messages.sender = 'customer'
ORDER BY messages.conversation_id, messages.seq;
