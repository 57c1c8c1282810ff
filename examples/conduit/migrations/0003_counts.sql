-- Counts that are exact at every commit, so that no request counts a table.
--
-- Each is changed in the transaction that changes what it counts. One row for the whole site would make every author
-- wait for every other author's commit, so the site's totals are spread over 64 rows chosen by connection, and a reader
-- adds them up. Counts of one author, one tag and one article are single rows: only writers of that same thing meet.
--
-- Locks are always taken in the same order (article, author, tags by name, totals), so writers cannot block in a circle.
-- A bulk load may `set local conduit.bulk = 'on'`, which switches the triggers off for its transaction, and must call
-- rebuild_counts() when it is done.

create table totals (
  shard smallint primary key,
  -- May be negative in one row: an article can be deleted over another connection. Only the sum has a meaning.
  articles_count integer not null default 0,
  -- Grows whenever a tag comes into use or goes out of use. Two readings with equal sums saw the same set of tags.
  tag_changes bigint not null default 0
) with (fillfactor = 20);

insert into totals (shard) select generate_series(0, 63);

-- Makes `tags` and `article_tags` agree with an article that gained `added` and lost `removed` (disjoint).
create function count_tags(of_article integer, added text[], removed text[]) returns bigint
language plpgsql as $$
declare
  came bigint;
  gone bigint;
begin
  if added = '{}' and removed = '{}' then
    return 0;
  end if;

  with change as (
    select distinct name, 1 as step from unnest(added) name
    union all
    select distinct name, -1 from unnest(removed) name
  ), counted as (
    insert into tags (name, articles_count) select name, step from change order by name
    on conflict (name) do update set articles_count = tags.articles_count + excluded.articles_count
    returning articles_count
  )
  select count(*) filter (where articles_count = 1) into came from counted;

  delete from article_tags using tags
    where article_tags.article_id = of_article and tags.id = article_tags.tag_id and tags.name = any (removed);
  delete from tags where name = any (removed) and articles_count = 0;
  get diagnostics gone = row_count;

  insert into article_tags (tag_id, article_id)
    select id, of_article from tags where name = any (added);
  return came + gone;
end $$;

create function without(list text[], other text[]) returns text[]
language sql immutable as $$
  select coalesce(array_agg(name), '{}') from unnest(list) name where name <> all (other)
$$;

create function count_article() returns trigger
language plpgsql as $$
declare
  step integer := case tg_op when 'INSERT' then 1 when 'DELETE' then -1 else 0 end;
  article integer := case tg_op when 'DELETE' then old.id else new.id end;
  before text[] := case tg_op when 'INSERT' then '{}' else old.tag_list end;
  after text[] := case tg_op when 'DELETE' then '{}' else new.tag_list end;
  author integer := case tg_op when 'DELETE' then old.author_id else new.author_id end;
  tags_changed bigint;
begin
  if step <> 0 then
    update users set articles_count = articles_count + step where id = author;
  end if;
  tags_changed := count_tags(article, without(after, before), without(before, after));
  if step <> 0 or tags_changed <> 0 then
    update totals
      set articles_count = articles_count + step, tag_changes = tag_changes + tags_changed
      where shard = pg_backend_pid() % 64;
  end if;
  return null;
end $$;

create trigger count_article after insert or delete or update of tag_list on articles
  for each row when (current_setting('conduit.bulk', true) is distinct from 'on')
  execute function count_article();

create function count_favorites() returns trigger
language plpgsql as $$
begin
  update articles set favorites_count = favorites_count + change.step
    from (
      select article_id, (count(*) * case tg_op when 'INSERT' then 1 else -1 end)::integer as step
      from changed group by article_id
    ) change
    where articles.id = change.article_id;
  return null;
end $$;

create trigger count_favorites_added after insert on favorites
  referencing new table as changed
  for each statement when (current_setting('conduit.bulk', true) is distinct from 'on')
  execute function count_favorites();

create trigger count_favorites_removed after delete on favorites
  referencing old table as changed
  for each statement when (current_setting('conduit.bulk', true) is distinct from 'on')
  execute function count_favorites();

-- Derives every count and both tag tables from the articles and favourites themselves. Meant for the end of a bulk load;
-- nobody may write meanwhile, which the locks ensure.
create function rebuild_counts() returns void
language plpgsql as $$
begin
  lock table articles, favorites in share row exclusive mode;
  lock table tags, article_tags in exclusive mode;
  delete from article_tags;
  delete from tags;
  insert into tags (name, articles_count)
    select name, count(distinct articles.id) from articles, unnest(tag_list) name group by name;
  insert into article_tags (tag_id, article_id)
    select distinct tags.id, articles.id from articles, unnest(tag_list) name join tags using (name) order by 1, 2;

  update users set articles_count = coalesce(counted.n, 0)
    from users person left join (select author_id, count(*)::integer n from articles group by 1) counted
      on counted.author_id = person.id
    where users.id = person.id and users.articles_count <> coalesce(counted.n, 0);
  update articles set favorites_count = coalesce(counted.n, 0)
    from articles article left join (select article_id, count(*)::integer n from favorites group by 1) counted
      on counted.article_id = article.id
    where articles.id = article.id and articles.favorites_count <> coalesce(counted.n, 0);
  update totals set
    articles_count = case shard when 0 then (select count(*) from articles) else 0 end,
    tag_changes = tag_changes + 1;
end $$;
