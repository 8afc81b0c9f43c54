// What access codes open: each a page or a site of the merchant's.

import { Button } from '@mantine/core';
import { Link, useNavigate } from 'react-router';
import { Icon } from '../parts/icon.tsx';
import { Empty, Trouble, Waiting } from '../parts/page.tsx';
import { useResources } from '../read-access.ts';
import { may, useSession } from '../session.ts';
import { durationParts } from '../duration.ts';
import { useWords } from '../words.ts';

export function AccessResources(): React.ReactNode {
  const { say, language } = useWords();
  const navigate = useNavigate();
  const mayWrite = may(useSession(), 'settings', 'write');
  const { data, error, refetch } = useResources();
  if (!data) return error ? <Trouble error={error} again={() => void refetch()} /> : <Waiting />;
  return (
    <>
      {mayWrite && (
        <div className="toolbar">
          <span />
          <Button leftSection={<Icon name="plus" size={18} />} onClick={() => void navigate('/access/new')}>
            {say('resource.add')}
          </Button>
        </div>
      )}
      {data.length === 0 ? (
        <Empty>{say('resource.none')}</Empty>
      ) : (
        <ul className="card rows rows-card">
          {data.map((one) => {
            const { count, unit } = durationParts(one.validForSeconds);
            return (
              <li key={one.id} className="row">
                <Link to={`/access/resources/${one.slug}`} className="row-main row-link">
                  <strong>{one.name[language]}</strong>
                  <span className="soft">
                    {say(`duration.count.${unit}`, { count })} ·{' '}
                    {one.uses === null ? say('resource.unlimited') : say('code.uses', { count: one.uses })}
                  </span>
                </Link>
                <span className="row-end">
                  <span className="badge" data-tone={one.active ? 'free' : 'off'}>
                    {say(one.active ? 'resource.on' : 'resource.off')}
                  </span>
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}
