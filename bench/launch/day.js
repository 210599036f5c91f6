// People who come: they sign up and wait for their workspace, look at pages, click on short links, and
// ask for a code to sign in with. So many of each a second, however long those before them take.
//
// DAY is JSON; load.py says what is in it. What becomes of somebody is said in a line of JSON each.
import http from 'k6/http';
import exec from 'k6/execution';
import { sleep } from 'k6';
import { Counter, Trend } from 'k6/metrics';

const day = JSON.parse(__ENV.DAY);
const PATIENT = '5s'; // for a page or a click: who waits longer has failed
const WHITE_PAGE = '30s'; // for a form that was sent
const IN_LINE = 600; // seconds in the waiting room
const HIDDEN = /<input type="hidden" name="([^"]+)" value="([^"]*)"/g;
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const TOLD = 20; // failures of a kind that are told in words

const took = {};
const failed = {};
for (const what of ['page', 'click', 'form', 'sign_up', 'first_page', 'code', 'view', 'visit']) {
  took[what] = new Trend(`${what}_ms`, true);
  failed[what] = new Counter(`${what}_failed`);
}
const inLine = new Counter('in_line');
const waitedForSchema = new Counter('waited_for_schema');
const asked = {}; // failures that were told

// `each`: seconds that somebody stays at most as a rule; k6 makes so many of them beforehand.
function scenario(name, perMinute, each, most) {
  return {
    executor: 'constant-arrival-rate',
    exec: name,
    rate: perMinute,
    timeUnit: '1m',
    duration: `${day.seconds}s`,
    preAllocatedVUs: Math.min(most, Math.max(4, Math.ceil((perMinute / 60) * each))),
    maxVUs: most,
    gracefulStop: '90s',
  };
}

const scenarios = {
  signUp: scenario('signUp', day.per_minute.sign_ups, 12, 400),
  page: scenario('page', day.per_minute.pages, 0.2, 400),
  visit: scenario('visit', day.per_minute.visits, 0.4, 200),
  click: scenario('click', day.per_minute.clicks, 0.4, 400),
  code: scenario('code', day.per_minute.codes, 5, 100),
};
export const options = {
  scenarios: Object.fromEntries(Object.entries(scenarios).filter(([, one]) => one.rate > 0)),
  hosts: day.hosts,
  userAgent: BROWSER,
  discardResponseBodies: true,
  summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max', 'count'],
  systemTags: ['scenario'],
};

export function page() {
  const path = pick(day.pages);
  ask('page', 'GET', day.site + path, null, { timeout: PATIENT });
}

// What the script of a page tells of it.
export function visit() {
  const said = JSON.stringify({ view: { path: pick(day.pages), referrer: '' } });
  ask('visit', 'POST', day.site + day.visits, said, { timeout: PATIENT }, 204);
}

export function click() {
  const answer = ask('click', 'GET', pick(day.links), null, { timeout: PATIENT }, 302);
  if (answer && !answer.headers.Location) failed.click.add(1);
}

export function code() {
  const person = day.people[exec.scenario.iterationInTest % day.people.length];
  const from = address();
  const form = ask('form', 'GET', `${day.site}/login/code/`, null, { from, body: true });
  if (!form) return;
  const fields = Object.assign(hidden(form.body), { email: person });
  tell({ asks: person });
  ask('code', 'POST', `${day.site}/login/code/`, fields, { from }, 302);
}

export function signUp() {
  const slug = `${day.name}-${exec.scenario.iterationInTest}`;
  const from = address();
  let form = throughTheLine(() => ask('form', 'GET', `${day.site}/signup/`, null, { from, body: true }));
  if (!form) return failed.sign_up.add(1);
  sleep(day.types_for);
  const typed = {
    name: 'Nora New',
    email: `owner@${slug}.example`,
    workspace_name: slug,
    slug,
    password1: 'correct horse battery',
  };
  let sent = 0;
  const answer = throughTheLine(() => {
    const fields = Object.assign(hidden(form.body), typed);
    sent = Date.now();
    const came = ask('sign_up', 'POST', `${day.site}/signup/`, fields, { from, body: true }, 200, 302);
    if (came && came.status === 200) form = came; // with the place in it, or one more step
    return came;
  });
  if (!answer) return undefined; // told already
  if (answer.status !== 302) return fails('sign_up', `the form again: ${answer.body.slice(0, 300)}`);
  tell({ signs_up: typed.email, at: sent });
  return firstPage(answer.headers.Location, slug, from);
}

function firstPage(location, slug, from) {
  const began = Date.now();
  if (!String(location).includes(`//${slug}.`)) return fails('first_page', `leads to ${location}`);
  for (;;) {
    const said = { from, body: true };
    const came = ask('view', 'GET', location, null, said, 200, 202, 302);
    if (!came) return fails('first_page', 'not answered');
    if (came.status === 200) return took.first_page.add(Date.now() - began);
    if (Date.now() - began > 60000) return fails('first_page', `${came.status} after a minute`);
    if (came.status === 302) {
      location = came.headers.Location.startsWith('/') ? origin(location) + came.headers.Location
        : came.headers.Location;
    } else {
      waitedForSchema.add(1);
      const again = /delay:(\d+)ms/.exec(came.body);
      sleep(again ? again[1] / 1000 : 1);
    }
  }
}

// Asks again for as long as the answer is the page of the waiting room, when that says.
function throughTheLine(askOnce) {
  const until = Date.now() + IN_LINE * 1000;
  for (let times = 0; ; times += 1) {
    const came = askOnce();
    const refresh = came && came.headers.Refresh;
    if (!refresh) return came;
    if (times === 0) inLine.add(1);
    if (Date.now() > until) return undefined;
    sleep(Number(refresh));
  }
}

// The answer if it has one of these statuses (200 where none is named); else it is told, and undefined.
function ask(what, method, url, fields, said, ...expected) {
  const headers = { 'X-Forwarded-For': said.from || address() };
  if (what === 'form') headers.Connection = 'close'; // a browser opens one anew, where it was closed meanwhile
  if (fields) headers.Origin = day.site;
  if (typeof fields === 'string') headers['Content-Type'] = 'application/json';
  const answer = http.request(method, url, fields, {
    headers,
    redirects: 0,
    timeout: said.timeout || WHITE_PAGE,
    responseType: said.body ? 'text' : 'none',
  });
  if ((expected.length ? expected : [200]).includes(answer.status)) {
    took[what].add(answer.timings.blocked + answer.timings.connecting + answer.timings.duration);
    return answer;
  }
  fails(what, `${method} ${url}: ${answer.status} ${answer.error || ''} ${(answer.body || '').slice(0, 200)}`);
  return undefined;
}

function fails(what, why) {
  failed[what].add(1);
  asked[what] = (asked[what] || 0) + 1;
  if (asked[what] <= TOLD) tell({ failed: what, why });
}

function tell(said) {
  console.log(JSON.stringify(Object.assign({ at: Date.now() }, said)));
}

function hidden(body) {
  const found = {};
  for (const [, name, value] of body.matchAll(HIDDEN)) found[name] = value.replace(/&#x27;/g, "'").replace(/&quot;/g, '"').replace(/&amp;/g, '&');
  return found;
}

// Of everybody another one, as a proxy that is declared would say it.
function address() {
  const part = () => 1 + Math.floor(Math.random() * 254);
  return `81.${part()}.${part()}.${part()}`;
}

function origin(url) {
  return /^https?:\/\/[^/]+/.exec(url)[0];
}

function pick(list) {
  return list[Math.floor(Math.random() * list.length)];
}

export function handleSummary(data) {
  return { [day.summary]: JSON.stringify(data.metrics) };
}
